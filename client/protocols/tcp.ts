import type { MessageProtocol, ProtocolEvents } from './protocol.ts';

/** One byte that an echo server gives back and most others ignore. */
const HEARTBEAT_BYTE = 0;

/**
 * Raw TCP: the transport alone makes a connection usable, FIN alone ends it, and there is nothing to keep per slot.
 * Messages have no boundaries on the wire; each piece that arrives is passed on as a message of its own.
 *
 * @param sendOnOpen what each connection sends first, for servers that wait for something
 */
export function createTcpProtocol(events: ProtocolEvents, sendOnOpen?: Uint8Array): MessageProtocol {
  return {
    name: 'tcp',
    awaitsAnswer: false,
    hello: () => sendOnOpen,
    onBytes: (slot, bytes) => events.onPayload(slot, bytes, true),
    onEnd: (slot) => events.onPeerClose(slot, 'FIN'),
    message: (_, payload) => Buffer.from(payload),
    heartbeat: () => Uint8Array.of(HEARTBEAT_BYTE),
    goodbye: () => undefined,
    release: () => undefined,
  };
}
