import { isProtocolName, PROTOCOLS, type ProtocolName } from './protocols.ts';

/** A target's address as a person gave it: one host, one port or a range of ports. */
export interface TargetUrl {
  readonly protocol: ProtocolName;
  /** Host name or IP, without brackets. */
  readonly host: string;
  /** Ascending, at least one. More than one when the URL names a range (`:9001-9060`). */
  readonly ports: readonly number[];
  /** Request target of the upgrade, or of http's requests, with query; `/` for tcp, which has none. */
  readonly path: string;
  readonly text: string;
}

const SHAPE = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+(?:%[\w.-]+)?\]|[^\s/:?#@[\]]+):(\d+)(?:-(\d+))?([/?][^\s#]*)?$/i;

/**
 * Reads `ws://host:port/path`, `http://host:port/path`, `tcp://host:port` or a port range `ws://127.0.0.1:9001-9060`.
 *
 * @returns the target, or a sentence that says what is wrong
 */
export function parseTargetUrl(text: string): TargetUrl | string {
  const match = SHAPE.exec(text);
  if (!match) return `"${text}" is not a target URL such as ws://127.0.0.1:3000/path or tcp://127.0.0.1:3000-3009`;
  const [, scheme = '', host = '', first = '', last = first, path = '/'] = match;
  const protocol = scheme.toLowerCase();
  if (!isProtocolName(protocol)) return `"${text}": the scheme is one of ${PROTOCOLS.map((p) => `${p}://`).join(', ')}`;
  const from = Number(first);
  const to = Number(last);
  if (from < 1 || to > 65_535 || to < from) return `"${text}": ports go from 1 to 65535, ranges upwards`;
  if (protocol === 'tcp' && path !== '/') return `"${text}": tcp has no path`;
  return {
    protocol,
    host: host.replace(/^\[|\]$/g, ''),
    ports: Array.from({ length: to - from + 1 }, (_, i) => from + i),
    path: path.startsWith('/') ? path : `/${path}`,
    text,
  };
}
