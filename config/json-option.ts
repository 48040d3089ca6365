import { type Option, onOff } from './option.ts';

/** `--json` of a command: what stands on stdout then. */
export const jsonOption = (help: string) =>
  ({ name: 'json', group: 'output', help, default: 'false', read: onOff }) as const satisfies Option<boolean>;
