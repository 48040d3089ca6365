import { DATA_ORDERS } from '../../core/opening/data-order.ts';
import { isToken, problemOfHeader } from '../opening/header-line.ts';
import { list, type OptionTable, oneOf, orProblem, type Read, text } from '../option.ts';
import { readPreamble } from '../preamble.ts';

/** How connections sign in: what they say until they count as open. */
export const OPENING_OPTIONS = {
  header: {
    name: 'header',
    group: 'opening',
    argument: '<name: value>',
    help: "a header of ws, http and sse requests, such as 'Authorization: Bearer {token}'",
    repeats: true,
    joinedBy: '\0',
    read: orProblem(readHeaders),
  },
  cookie: {
    name: 'cookie',
    group: 'opening',
    argument: '<name=value>',
    help: "a cookie of theirs, such as 'session={token}'",
    repeats: true,
    joinedBy: '\0',
    read: orProblem(readCookies),
  },
  origin: {
    name: 'origin',
    group: 'opening',
    argument: '<url>',
    help: 'the page that a browser would say it comes from, such as https://app.example',
    read: readOrigin,
  },
  subprotocols: {
    name: 'subprotocol',
    group: 'opening',
    argument: '<names>',
    help: 'subprotocols that ws connections offer, the most wanted first; the server has to take one',
    read: list(readSubprotocol),
  },
  data: {
    name: 'data',
    group: 'opening',
    argument: '<file>',
    help: 'a row of values for each connection, as CSV with names in its first line, or .jsonl; {name} in a header, path or message is its value, beside {n}, {uuid}, {random:8}, {env:NAME}',
    read: text,
  },
  dataOrder: {
    name: 'data-order',
    group: 'opening',
    argument: '<order>',
    help: 'which row a connection has: each its own, all in turn (cycle), or any (random)',
    default: 'each',
    read: oneOf(DATA_ORDERS),
  },
  dialect: {
    name: 'dialect',
    group: 'opening',
    argument: '<name>',
    help: 'what is spoken over the protocol: signs in, answers pings and keeps alive as its clients do; connrig dialects lists them',
    read: text,
  },
  dialectSettings: {
    name: 'dialect-set',
    group: 'opening',
    argument: '<name=value>',
    help: 'a setting of the dialect, such as topic=news/{n}',
    repeats: true,
    joinedBy: '\0',
    read: orProblem(readSettings),
  },
  opening: {
    name: 'opening',
    group: 'opening',
    argument: '<file>',
    help: 'steps until a connection counts as open, and rules from then on, as YAML: docs/own-openings.md',
    read: text,
  },
  sendOnOpen: {
    name: 'send-on-open',
    group: 'opening',
    argument: '<text|@file>',
    help: 'what each tcp or ws connection says first, such as PING\\r\\n or @connect.bin',
    read: readPreamble,
  },
  expect: {
    name: 'expect',
    group: 'opening',
    argument: '<text|@file>',
    help: 'what the answer has to contain, for a connection to count as open',
    read: readPreamble,
  },
} as const satisfies OptionTable;

/** A header with holes. */
export interface HeaderLine {
  readonly name: string;
  readonly value: string;
}

function readHeaders(given: string): readonly HeaderLine[] | string {
  const headers: HeaderLine[] = [];
  for (const line of given.split('\0')) {
    const at = line.indexOf(':');
    // What was given is not repeated: it may be a secret.
    if (at < 1) return "write a name, a colon and a value, such as 'Authorization: Bearer {token}'";
    const header = { name: line.slice(0, at).trim(), value: line.slice(at + 1).trim() };
    const wrong = problemOfHeader(header.name, header.value);
    if (wrong !== undefined) return wrong;
    headers.push(header);
  }
  return headers;
}

function readCookies(given: string): readonly string[] | string {
  const cookies = given.split('\0').flatMap((one) => one.split(/;\s*/));
  for (const cookie of cookies) {
    const at = cookie.indexOf('=');
    if (at < 1 || !isToken(cookie.slice(0, at))) return 'write a name, = and a value, such as session={token}';
    const wrong = problemOfHeader('Cookie', cookie);
    if (wrong !== undefined) return wrong;
  }
  return cookies;
}

function readOrigin(given: string): Read<string> {
  const isOrigin = given === 'null' || /^[a-z][a-z0-9+.-]*:\/\/[^\s/?#]+$/i.test(given);
  return isOrigin
    ? { value: given }
    : {
        problem: `${JSON.stringify(given)} is not an origin: a scheme and a host without a path, such as https://app.example`,
      };
}

function readSubprotocol(given: string): Read<string> {
  return isToken(given)
    ? { value: given }
    : { problem: `${JSON.stringify(given)} is not the name of a subprotocol such as graphql-transport-ws` };
}

function readSettings(given: string): readonly (readonly [name: string, value: string])[] | string {
  const settings: Array<readonly [string, string]> = [];
  for (const one of given.split('\0')) {
    const at = one.indexOf('=');
    if (at < 1) return 'write a name, = and a value, such as topic=news';
    settings.push([one.slice(0, at), one.slice(at + 1)]);
  }
  return settings;
}
