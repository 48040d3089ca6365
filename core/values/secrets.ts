import { HIDDEN, withoutSecret } from './without-secret.ts';

/**
 * What a URL may hold that is nobody else's to read: its query's values, and a user with a password. A run is recorded,
 * shown and handed on; none of that has them. Which keys were there still shows.
 */

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
/** A URL within other words. A scheme without a bound would be looked for from each letter of a long word to its end. */
const URL_IN_TEXT = /[a-z][a-z0-9+.-]{0,31}:\/\/[^\s"'`<>]+/gi;
/** At the end of a URL it belongs to the sentence. */
const PUNCTUATION: ReadonlySet<string> = new Set(':,.;)]}|');
/** Shorter values of a query are words of other sentences as well. */
const SECRET_CHARS = 6;
/** Levels of a config that are looked through; a run folder from somebody else may have any number. */
const MOST_DEPTH = 16;

/** A URL, or what was meant to be one, as it may be recorded and shown: `ws://h:1/chat?token=***&room=***`. */
export function redactUrl(url: string): string {
  const [scheme = ''] = SCHEME.exec(url) ?? [];
  const rest = url.slice(scheme.length).replace(/^[^/?#]*@/, `${HIDDEN}@`);
  const [, place = '', query, fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(#[\s\S]*)?$/.exec(rest) ?? [];
  const asked = query === undefined ? '' : `?${redactQuery(query)}`;
  // Labels of an exporter's metric come in quotes.
  return `${scheme}${place}${asked}${fragment.replace(/=(?!")[^&;]+/g, `=${HIDDEN}`)}`;
}

/** What can't be read as a URL: where its password ends is anybody's guess. */
export const redactBroken = (text: string): string => {
  const [scheme = ''] = SCHEME.exec(text) ?? [];
  return redactUrl(scheme + text.slice(scheme.length).replace(/^[\s\S]*@/, `${HIDDEN}@`));
};

/**
 * Words with URLs in them.
 *
 * @param secrets values that are hidden wherever they occur: servers repeat what they were asked
 */
export function redactText(text: string, secrets: readonly string[] = []): string {
  const shown = text.replace(URL_IN_TEXT, (found) => {
    let end = found.length;
    while (end > 0 && PUNCTUATION.has(found[end - 1]!)) end--;
    return redactUrl(found.slice(0, end)) + found.slice(end);
  });
  return secrets.reduce((left, secret) => withoutSecret(left, secret), shown);
}

/** A run's config, whatever its version has in it, as it may be recorded and shown. What nobody's config has is left out. */
export function redactConfig(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redactMembers(config, 0);
}

function redactMembers(members: Readonly<Record<string, unknown>>, depth: number): Record<string, unknown> {
  const shown = Object.entries(members).map(([key, value]) => [key, redactWithin(value, key, depth)] as const);
  return Object.fromEntries(shown);
}

function redactWithin(value: unknown, key: string, depth: number): unknown {
  if (typeof value === 'string') return key === 'path' ? redactUrl(value) : redactText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MOST_DEPTH) return HIDDEN;
  if (Array.isArray(value)) return value.map((one) => redactWithin(one, key, depth + 1));
  return redactMembers(value as Record<string, unknown>, depth + 1);
}

/** The values in a URL or a path that are to be hidden, as written and as a server reads them, the longest first. */
export function secretsIn(url: string): string[] {
  const [, user = ''] = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(url) ?? [];
  const [, query = ''] = /\?([^#]*)/.exec(url) ?? [];
  const values = [...user.split(':'), ...query.split(/[&;]/).map((part) => part.slice(part.indexOf('=') + 1))];
  const all = new Set(values.flatMap((value) => [value, decoded(value), decoded(value.replaceAll('+', ' '))]));
  return [...all].filter((value) => value.length >= SECRET_CHARS).sort((a, b) => b.length - a.length);
}

const redactQuery = (query: string): string =>
  query.replace(/[^&;]+/g, (part) => {
    const key = part.slice(0, part.indexOf('=') + 1);
    // A key alone may be a token; a value that is empty is none.
    return key === part ? part : key + HIDDEN;
  });

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
