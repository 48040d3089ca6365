import type { OpeningFormat } from '../../core/opening/format.ts';
import type { TargetUrl } from '../../core/values/urls.ts';

/** In an opening: the path of the URL, without its last slash. */
export const URL_PATH = '{path}';
/** In an opening: the page that a browser would have the connection from, at the same server. */
export const URL_ORIGIN = '{origin}';
/** A target of ours is at a port that is known later. */
const SOME_ORIGIN = 'http://localhost';
const PARTS = /^([^?]*)(?:\?(.*))?$/s;

/** The path of a request target, without its query. */
export const pathAlone = (target: string): string => PARTS.exec(target)![1]!;

/** The URL's own path where it names one, or the opening's; with what the opening wants in its query. */
export function requestTarget(path: string, { path: wanted = URL_PATH, query = {} }: OpeningFormat): string {
  const [, plain = '/', asked = ''] = PARTS.exec(path) ?? [];
  const isOwn = plain !== '/' && !wanted.includes(URL_PATH);
  const [, place = '', more = ''] =
    PARTS.exec(isOwn ? plain : wanted.replaceAll(URL_PATH, plain.replace(/\/$/, ''))) ?? [];
  const had = [asked, more].filter((one) => one !== '');
  const names = new Set(had.flatMap((one) => one.split('&')).map((part) => part.split('=')[0]));
  const added = Object.entries(query).flatMap(([name, value]) => (names.has(name) ? [] : [`${name}=${value}`]));
  const all = [...had, ...added].join('&');
  return all === '' ? place || '/' : `${place || '/'}?${all}`;
}

/** RFC 6454, section 6.2: with the host as the Host header has it, since that is what servers hold it against. */
export function originOf(url: TargetUrl | undefined): string {
  if (url === undefined) return SOME_ORIGIN;
  const { transport, host, ports } = url;
  const name = host.includes(':') ? `[${host.replace(/%.*/, '')}]` : host;
  const [port] = ports;
  return `${transport === 'tls' ? 'https' : 'http'}://${name}${port === undefined ? '' : `:${port}`}`;
}
