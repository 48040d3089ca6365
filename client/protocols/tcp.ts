import type { Protocol, ProtocolEvents } from './protocol.ts';

/** One byte that an echo server gives back and most others ignore. */
const HEARTBEAT_BYTE = 0;

/**
 * Raw TCP: the transport alone makes a connection usable, FIN alone ends it, and there is nothing to keep per slot.
 * Messages have no boundaries on the wire; each piece that arrives is passed on as a message of its own.
 */
export function createTcpProtocol(events: ProtocolEvents): Protocol {
  return {
    name: 'tcp',
    hello: () => undefined,
    onBytes: (slot, bytes) => events.onPayload(slot, bytes, true),
    onEnd: (slot) => events.onPeerClose(slot, 'FIN'),
    message: (payload) => Buffer.from(payload),
    heartbeat: () => Uint8Array.of(HEARTBEAT_BYTE),
    goodbye: () => undefined,
    release: () => undefined,
  };
}
