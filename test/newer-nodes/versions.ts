/** Versions of Node.js that a part of the suite also runs on; all of it runs on the oldest. `engines` in package.json follows. */
export const NEWER = ['24.21.0', '26.10.0'] as const;
