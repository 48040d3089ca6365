import type { ProtocolDescriptor } from './descriptor.ts';
import { HTTP } from './http.ts';
import { PROTOCOLS, type ProtocolName } from './names.ts';
import { SSE } from './sse.ts';
import { TCP } from './tcp.ts';
import { WS } from './ws.ts';

/** Every protocol, by its name. */
export const DESCRIPTORS: Readonly<Record<ProtocolName, ProtocolDescriptor>> = {
  tcp: TCP,
  ws: WS,
  http: HTTP,
  sse: SSE,
};

/** The protocols that can do something, in their order. */
export const findProtocols = (can: (descriptor: ProtocolDescriptor) => boolean): ProtocolName[] =>
  PROTOCOLS.filter((name) => can(DESCRIPTORS[name]));
