import type { Read } from './option.ts';
import { readPreamble } from './preamble.ts';

/** A request that publishes a message. */
export interface PublishTarget {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
}

/** What stands around each message, in hex, since a config is kept as JSON. */
export interface PublishFrame {
  readonly from: string;
  readonly beforeHex: string;
  readonly behindHex: string;
}

/** `POST http://127.0.0.1:8090/publish`. */
export function readPublishTarget(given: string): Read<PublishTarget> {
  const [method = '', url = '', ...more] = given.trim().split(/\s+/);
  const isUrl = /^https?:\/\/[^/]/.test(url) && URL.canParse(url);
  if ((method !== 'POST' && method !== 'PUT') || !isUrl || more.length > 0) {
    return { problem: `"${given}" is no request that publishes, such as 'POST http://127.0.0.1:8090/publish'` };
  }
  return { value: { method, url } };
}

const HOLE = '{message}';

/** `42["chat","{message}"]`, with the escapes of a preamble, or `@FILE`. */
export function readPublishFrame(given: string): Read<PublishFrame> {
  const read = readPreamble(given);
  if ('problem' in read) return read;
  const bytes = Buffer.from(read.value.hex, 'hex');
  const at = bytes.indexOf(HOLE);
  if (at < 0 || bytes.indexOf(HOLE, at + 1) >= 0) {
    return { problem: `"${given}" has to have ${HOLE} once, where the message goes` };
  }
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at + HOLE.length)];
  return { value: { from: given, beforeHex: before.toString('hex'), behindHex: behind.toString('hex') } };
}

/** `Authorization: Bearer …`, those of several separated by NUL. */
export function readPublishHeaders(given: string): Readonly<Record<string, string>> | string {
  const headers: Record<string, string> = {};
  for (const line of given.split('\0')) {
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*(\S.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return 'a header has a name, a colon and a value';
    headers[name] = value;
  }
  return headers;
}
