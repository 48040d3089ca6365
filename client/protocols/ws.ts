import { findHeadEnd, type Refusal } from './http-head.ts';
import type { MessageProtocol, ProtocolEvents, Slot } from './protocol.ts';
import { CLOSE, readClose } from './ws-close.ts';
import { createFrameReader } from './ws-frame-reader.ts';
import { encodeClose, encodeFrame, OPCODE } from './ws-frame-writer.ts';
import { createUpgradeRequests } from './ws-request.ts';
import { judgeHead, KnownHead } from './ws-response.ts';

export interface WsProtocolOptions {
  /** How many slots there are; state for all of them is made at once, 14 bytes each. */
  readonly slots: number;
  /** Request target of the upgrade, with query: `/chat?room=1`. */
  readonly path: string;
  /** Value of the Host header: `127.0.0.1:3000`. */
  readonly hostHeader: string;
  /** The most one message from the server may hold, in bytes, below 2^32; 16 MiB by default. */
  readonly maxMessageBytes?: number;
  /** 16 bytes that the keys of upgrade requests are derived from; random by default. */
  readonly seed?: Uint8Array;
}

const DEFAULT_MAX_MESSAGE_BYTES = 16 * 2 ** 20;

/** Where a slot is. What arrives in IDLE and OVER is not looked at. */
const IDLE = 0;
const HANDSHAKE = 1;
const OPEN = 2;
/** We said goodbye; only the peer's close frame matters now. */
const CLOSING = 3;
/** The peer closed, or one side broke the protocol. */
const OVER = 4;

/**
 * WebSocket (RFC 6455) as a client without extensions and subprotocols. Messages are sent as binary; text from the
 * server is taken as it is, without checking that it is UTF-8.
 */
export function createWsProtocol(options: WsProtocolOptions, events: ProtocolEvents): MessageProtocol {
  const { slots, path, hostHeader, maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES, seed } = options;
  if (!(maxMessageBytes >= 0 && maxMessageBytes < 2 ** 32)) {
    throw new RangeError(`maxMessageBytes must be below 2^32, not ${maxMessageBytes}`);
  }
  const phases = new Uint8Array(slots);
  /** What is kept while a response head or a frame is in pieces. */
  const pieces = new Map<Slot, Uint8Array>();
  const requests = createUpgradeRequests({ slots, path, hostHeader, seed });
  const knownHead = new KnownHead();
  const frames = createFrameReader({ slots, maxMessageBytes, pieces }, { onData, onPing, onClose, onViolation });

  function readHead(slot: Slot, bytes: Uint8Array): void {
    const kept = pieces.get(slot);
    const head = kept ? Buffer.concat([kept, bytes]) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const accept = requests.expectedAccept(slot);
    const known = knownHead.endIn(head, accept);
    const found = known || findHeadEnd(head);
    if (found === 0) {
      pieces.set(slot, kept ? head : Buffer.from(head));
      return;
    }
    pieces.delete(slot);
    const refusal = known > 0 ? undefined : typeof found === 'number' ? judge(head, found, accept) : found;
    if (refusal) {
      phases[slot] = OVER;
      events.onHandshakeFailure(slot, refusal.outcome, refusal.detail);
      return;
    }
    phases[slot] = OPEN;
    frames.start(slot);
    events.onOpen(slot);
    if (typeof found === 'number' && found < head.length) frames.read(slot, head.subarray(found));
  }

  function judge(head: Buffer, end: number, accept: string): Refusal | undefined {
    const refusal = judgeHead(head.toString('latin1', 0, end), () => accept);
    if (!refusal) knownHead.remember(head.subarray(0, end), accept);
    return refusal;
  }

  function onData(slot: Slot, bytes: Uint8Array, last: boolean): void {
    if (phases[slot] === OPEN) events.onPayload(slot, bytes, last);
  }

  function onPing(slot: Slot, payload: Uint8Array): void {
    if (phases[slot] === OPEN) events.onReply(slot, encodeFrame(OPCODE.pong, payload));
  }

  function onClose(slot: Slot, payload: Uint8Array): void {
    const said = readClose(payload);
    frames.stop(slot);
    if ('violation' in said) {
      onViolation(slot, said.violation, said.detail);
      return;
    }
    tellAndEnd(slot, said.code);
    if (phases[slot] === OVER) events.onPeerClose(slot, said.text);
  }

  function onViolation(slot: Slot, closeCode: number, detail: string): void {
    tellAndEnd(slot, closeCode);
    if (phases[slot] === OVER) events.onProtocolError(slot, detail);
  }

  /** Sends our close frame unless goodbye has. The slot may be released meanwhile: sending can find it gone. */
  function tellAndEnd(slot: Slot, closeCode: number | undefined): void {
    const told = phases[slot] !== OPEN;
    phases[slot] = OVER;
    if (!told) events.onReply(slot, encodeClose(closeCode));
  }

  return {
    name: 'ws',
    awaitsAnswer: true,
    hello(slot) {
      pieces.delete(slot);
      frames.stop(slot);
      phases[slot] = HANDSHAKE;
      return requests.next(slot);
    },
    onBytes(slot, bytes) {
      const phase = phases[slot];
      if (phase === HANDSHAKE) readHead(slot, bytes);
      else if (phase === OPEN || phase === CLOSING) frames.read(slot, bytes);
    },
    onEnd(slot) {
      const phase = phases[slot];
      if (phase === HANDSHAKE) {
        const cameBytes = pieces.get(slot)?.length ?? 0;
        phases[slot] = OVER;
        pieces.delete(slot);
        const came = cameBytes === 0 ? 'without an answer' : `after ${cameBytes} bytes of a response head`;
        events.onHandshakeFailure(slot, 'closed-early', `the server closed ${came}`);
      } else if (phase === OPEN || phase === CLOSING) {
        const where = frames.isMidway(slot) ? ' in the middle of a message' : '';
        phases[slot] = OVER;
        frames.stop(slot);
        events.onPeerClose(slot, `FIN without a close frame${where}`);
      }
    },
    message: (payload) => encodeFrame(OPCODE.binary, payload),
    heartbeat: () => encodeFrame(OPCODE.ping, new Uint8Array(0)),
    goodbye(slot) {
      if (phases[slot] !== OPEN) return undefined;
      phases[slot] = CLOSING;
      return encodeClose(CLOSE.normal);
    },
    release(slot) {
      phases[slot] = IDLE;
      frames.stop(slot);
    },
  };
}
