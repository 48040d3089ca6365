import { breaksHeader } from '../../core/opening/template.ts';

/** Headers that the protocol itself says, or that would change where a request ends. */
const OURS: ReadonlySet<string> = new Set([
  'upgrade',
  'connection',
  'sec-websocket-key',
  'sec-websocket-version',
  'sec-websocket-extensions',
  'sec-websocket-accept',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'expect',
]);
/** Those that have an option of their own, which says it right. */
const OTHERWISE: Readonly<Record<string, string>> = {
  'sec-websocket-protocol': '--subprotocol',
  'last-event-id': 'nothing: event streams send it when they reconnect',
};
/** Headers whose values are words that anybody may read. */
export const HARMLESS_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'origin',
  'referer',
  'user-agent',
  'accept',
  'accept-encoding',
  'accept-language',
  'cache-control',
]);
/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** @returns a sentence where a request can't have it; it has no value in it, since values are secret */
export function problemOfHeader(name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return `${JSON.stringify(name)} is not the name of a header`;
  const lower = name.toLowerCase();
  if (OURS.has(lower)) return `${name} is said by the connection itself; leave it out`;
  if (Object.hasOwn(OTHERWISE, lower)) return `${name} is not said by a header of yours; take ${OTHERWISE[lower]}`;
  return breaksHeader(value) ? `the value of ${name} has a line break or another control character in it` : undefined;
}

export const isToken = (text: string): boolean => TOKEN.test(text);
