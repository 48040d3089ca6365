/**
 * Waits until `look` gives something else than false or undefined; fails after a generous deadline.
 *
 * @param everyMs between looks; longer where a look costs much
 */
export async function eventually<T>(
  look: () => T | false | undefined | Promise<T | false | undefined>,
  what: string,
  deadlineMs = 45_000,
  everyMs = 20,
): Promise<T> {
  const until = Date.now() + deadlineMs;
  for (;;) {
    const seen = await look();
    if (seen !== false && seen !== undefined) return seen;
    if (Date.now() > until) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
