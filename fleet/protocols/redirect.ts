const REDIRECTIONS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_LOCATION = 500;
const SAID = /^HTTP \d{3}.*, redirected to (".*")$/;

/**
 * What to say of a redirection, for people. Values of its query and a password are left out: they may be secrets.
 *
 * @returns `HTTP 302 Found, redirected to "/elsewhere"`; undefined when it is none
 */
export function redirectDetail(status: number, statusText: string, location: string | undefined): string | undefined {
  if (!REDIRECTIONS.has(status) || location === undefined) return undefined;
  const open = location
    .slice(0, MAX_LOCATION)
    .replace(/[?#].*$/s, '')
    .replace(/\/\/[^/]*@/, '//');
  return `${statusText}, redirected to ${JSON.stringify(open)}`;
}

/** @returns where such a detail leads, as the server wrote it; undefined of any other detail */
export function locationIn(detail: string): string | undefined {
  const quoted = SAID.exec(detail)?.[1];
  return quoted === undefined ? undefined : (JSON.parse(quoted) as string);
}
