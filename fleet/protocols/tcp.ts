import { NO_ANSWER } from './http-head.ts';
import type { MessageProtocol, ProtocolEvents, Slot } from './protocol.ts';
import { strangerIn } from './stranger.ts';

/** One byte that an echo server gives back and most others ignore. */
const HEARTBEAT_BYTE = 0;

/**
 * Raw TCP: the transport alone makes a connection usable, FIN alone ends it, and there is nothing to keep per slot.
 * Messages have no boundaries on the wire: pieces are passed on as they arrive, and none ends a message.
 */
export function createTcpProtocol(events: ProtocolEvents): MessageProtocol {
  const lastWords = new LastWords();
  return {
    name: 'tcp',
    awaitsAnswer: false,
    hello: () => undefined,
    onBytes(slot, bytes) {
      lastWords.hear(slot, bytes);
      events.onPayload(slot, bytes, false);
    },
    cameSoFar: () => NO_ANSWER,
    onEnd: (slot) => events.onPeerClose(slot, lastWords.said(slot)),
    message: (_, payload) => Buffer.from(payload),
    heartbeat: () => Uint8Array.of(HEARTBEAT_BYTE),
    goodbye: () => undefined,
    release: () => undefined,
  };
}

const KEPT_BYTES = 64;
/** A line that a person can read: `HTTP/1.1 408 Request Timeout`, `-ERR max number of clients reached`. */
const LINE = /^[ -~]{4,}(?=[\r\n])/;
const NO_SLOT = -1;

/**
 * What a server said before it closed: one that refuses mostly says why, and closes at once. So the beginning of what came last
 * is kept for one slot only, the latest one.
 */
class LastWords {
  readonly #kept = new Uint8Array(KEPT_BYTES);
  #slot: Slot = NO_SLOT;
  #length = 0;

  hear(slot: Slot, bytes: Uint8Array): void {
    this.#slot = slot;
    this.#length = Math.min(bytes.length, KEPT_BYTES);
    for (let i = 0; i < this.#length; i++) this.#kept[i] = bytes[i]!;
  }

  /** @returns `FIN`, and after which words */
  said(slot: Slot): string {
    if (slot !== this.#slot) return 'FIN';
    this.#slot = NO_SLOT;
    const bytes = this.#kept.subarray(0, this.#length);
    const stranger = strangerIn(bytes);
    if (stranger) return `FIN: ${stranger}`;
    const line = LINE.exec(Buffer.from(bytes).toString('latin1'))?.[0];
    return line === undefined ? 'FIN' : `FIN after ${JSON.stringify(line)}`;
  }
}
