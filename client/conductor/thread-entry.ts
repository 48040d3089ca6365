/** What each thread of a fleet runs. Named from here alone: what is shipped has all files beside each other, and this depth. */
export const THREAD_ENTRY = new URL('./fleet-thread.js', import.meta.url);
