import type { ProtocolName } from '../../core/protocols/names.ts';
import { createHttpProtocol } from './http.ts';
import type { Protocol, ProtocolEvents } from './protocol.ts';
import type { FillText, RequestWords } from './request-words.ts';
import { createSseProtocol } from './sse.ts';
import { createTcpProtocol } from './tcp.ts';
import { createWsProtocol } from './ws.ts';
import type { DeflateMode } from './ws-extension.ts';

/** What a protocol needs to know of the target; plain data, since it goes to worker threads. */
export interface ProtocolOptions {
  readonly name: ProtocolName;
  /** Request target of a ws upgrade, of what http asks first, or of an event stream. */
  readonly path: string;
  /** Request target of what is asked on open http connections; `path` unless said. */
  readonly requestPath?: string | undefined;
  /** Value of a Host header. */
  readonly hostHeader: string;
  /** What ws connections ask for of permessage-deflate; `off` unless said. */
  readonly deflate?: DeflateMode | undefined;
  /** Subprotocols that ws connections offer. */
  readonly subprotocols?: readonly string[] | undefined;
  /** What requests of ws and http say beyond the usual. */
  readonly words?: RequestWords | undefined;
}

/**
 * @param slots how many connections there may be at once
 * @param events who is told what the protocol finds
 * @param fill fills the holes of what it says
 */
export function createProtocol(
  options: ProtocolOptions,
  slots: number,
  events: ProtocolEvents,
  fill?: FillText,
): Protocol {
  switch (options.name) {
    case 'tcp':
      return createTcpProtocol(events);
    case 'ws':
      return createWsProtocol({ slots, fill, ...options }, events);
    case 'http':
      return createHttpProtocol({ slots, fill, ...options }, events);
    case 'sse':
      return createSseProtocol({ slots, fill, ...options }, events);
  }
}
