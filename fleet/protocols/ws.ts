import { bad, cameOfHead, closedAfter, findHeadEnd, MOST_INTERIM, type Refusal, tooManyInterim } from './http-head.ts';
import { Pieces, TOO_MANY_PIECES } from './pieces.ts';
import type { MessageProtocol, ProtocolEvents, Slot } from './protocol.ts';
import type { FillText, RequestWords } from './request-words.ts';
import { CLOSE, type CloseViolation, readClose } from './ws-close.ts';
import { createDeflate } from './ws-deflate.ts';
import type { DeflateMode } from './ws-extension.ts';
import { createFrameReader } from './ws-frame-reader.ts';
import { encodeClose, encodeFrame, OPCODE } from './ws-frame-writer.ts';
import { createUpgradeRequests } from './ws-request.ts';
import { type Accepted, judgeHead, KnownHead } from './ws-response.ts';

export interface WsProtocolOptions {
  /** How many slots there are; state for all of them is made at once, 14 bytes each, 17 with deflate. */
  readonly slots: number;
  /** Request target of the upgrade, with query: `/chat?room=1`. */
  readonly path: string;
  /** Value of the Host header: `127.0.0.1:3000`. */
  readonly hostHeader: string;
  /** What to ask for of permessage-deflate; `off` by default. */
  readonly deflate?: DeflateMode | undefined;
  /** Subprotocols that are offered, the most wanted first; the server has to take one of them. */
  readonly subprotocols?: readonly string[] | undefined;
  /** What the upgrade request says beyond the usual, and what fills its holes. */
  readonly words?: RequestWords | undefined;
  readonly fill?: FillText | undefined;
  /** The most one message from the server may hold, in bytes, below 2^32, also when inflated; 16 MiB by default. */
  readonly maxMessageBytes?: number;
  /** 16 bytes that the keys of upgrade requests are derived from; random by default. */
  readonly seed?: Uint8Array;
}

const DEFAULT_MAX_MESSAGE_BYTES = 16 * 2 ** 20;
/**
 * When many pings come in one piece, so many are answered, and the last: that answers all of them (RFC 6455, section
 * 5.5.3).
 */
const MOST_PONGS = 8;
/** So much of a refusal's body is looked at. */
const LOOKED_AT_BYTES = 512;

/** Where a slot is. What arrives in IDLE and OVER is not looked at. */
const IDLE = 0;
const HANDSHAKE = 1;
const OPEN = 2;
/** We said goodbye; only the peer's close frame matters now. */
const CLOSING = 3;
/** The peer closed, or one side broke the protocol. */
const OVER = 4;

/**
 * WebSocket (RFC 6455) as a client, with one extension, permessage-deflate. Messages are sent as binary, unless said; text from the server is taken as it is, without checking that it is UTF-8.
 */
export function createWsProtocol(options: WsProtocolOptions, events: ProtocolEvents): MessageProtocol {
  const { slots, deflate: offered = 'off', subprotocols = [] } = options;
  const { maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES } = options;
  if (!(maxMessageBytes >= 0 && maxMessageBytes < 2 ** 32)) {
    throw new RangeError(`maxMessageBytes must be below 2^32, not ${maxMessageBytes}`);
  }
  const phases = new Uint8Array(slots);
  /** What is kept while a response head or a frame is in pieces. */
  const pieces = new Pieces();
  /** Interim answers so far, of slots that had any. */
  const interims = new Map<Slot, number>();
  const requests = createUpgradeRequests({ ...options, deflate: offered, seed: options.seed });
  const knownHead = new KnownHead();
  const deflate = offered === 'off' ? undefined : createDeflate(slots, maxMessageBytes, breakOff);
  const frames = createFrameReader({ slots, maxMessageBytes, pieces }, { onData, onPing, onClose, onViolation });

  /** Pings in what is being read now, and the last one when there were too many to answer each. */
  let pings = 0;
  let lastPing: Uint8Array | undefined;

  function readHead(slot: Slot, bytes: Uint8Array): void {
    const kept = pieces.get(slot);
    const head = kept ? Buffer.concat([kept, bytes]) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const accept = requests.expectedAccept(slot);
    const known = knownHead.endIn(head, accept);
    const found = known || findHeadEnd(head);
    if (found === 0) {
      pieces.set(slot, kept ? head : Buffer.from(head));
      if (pieces.areTooMany) refuse(slot, bad(TOO_MANY_PIECES));
      return;
    }
    pieces.delete(slot);
    const judged = known > 0 ? knownHead.accepted : typeof found === 'number' ? judge(head, found, accept) : found;
    if (judged === 'interim') {
      readOver(slot, head.subarray(found as number));
      return;
    }
    interims.delete(slot);
    if ('outcome' in judged) {
      phases[slot] = OVER;
      events.onHandshakeFailure(slot, judged.outcome, judged.detail, judged.isStranger);
      return;
    }
    phases[slot] = OPEN;
    deflate?.agree(slot, judged.deflate);
    frames.start(slot, judged.deflate !== undefined);
    events.onOpen(slot, deflate !== undefined && judged.deflate === undefined);
    if (typeof found === 'number' && found < head.length) readFrames(slot, head.subarray(found));
  }

  /** An interim answer has been read. @param rest what came behind it */
  function readOver(slot: Slot, rest: Uint8Array): void {
    const interim = (interims.get(slot) ?? 0) + 1;
    interims.set(slot, interim);
    if (interim <= MOST_INTERIM) {
      if (rest.length > 0) readHead(slot, rest);
      return;
    }
    refuse(slot, tooManyInterim());
  }

  function refuse(slot: Slot, { outcome, detail }: Refusal): void {
    pieces.delete(slot);
    interims.delete(slot);
    phases[slot] = OVER;
    events.onHandshakeFailure(slot, outcome, detail);
  }

  function judge(head: Buffer, end: number, accept: string): Accepted | Refusal | 'interim' {
    const behind = head.toString('latin1', end, end + LOOKED_AT_BYTES);
    const judged = judgeHead(head.toString('latin1', 0, end), () => accept, { deflate: offered, subprotocols }, behind);
    if (judged !== 'interim' && !('outcome' in judged)) knownHead.remember(head.subarray(0, end), accept, judged);
    return judged;
  }

  function onData(slot: Slot, bytes: Uint8Array, last: boolean, isCompressed: boolean): void {
    if (phases[slot] !== OPEN) return;
    const found = deflate && isCompressed ? deflate.inflate(slot, bytes, last) : bytes;
    if (found === undefined) return;
    if (found instanceof Uint8Array) {
      events.onPayload(slot, found, last);
      return;
    }
    breakOff(slot, found);
  }

  function breakOff(slot: Slot, { violation, detail }: CloseViolation): void {
    frames.stop(slot);
    onViolation(slot, violation, detail);
  }

  function onPing(slot: Slot, payload: Uint8Array): void {
    pings++;
    if (pings <= MOST_PONGS) answerPing(slot, payload);
    else lastPing = payload;
  }

  function answerPing(slot: Slot, payload: Uint8Array): void {
    if (phases[slot] === OPEN) events.onReply(slot, encodeFrame(OPCODE.pong, payload), true);
  }

  function readFrames(slot: Slot, bytes: Uint8Array): void {
    pings = 0;
    lastPing = undefined;
    frames.read(slot, bytes);
    if (lastPing) answerPing(slot, lastPing);
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
    if (phases[slot] !== OVER) return;
    events.onProtocolError(slot, detail, closeCode === CLOSE.tooBig ? 'too-large' : 'protocol-error');
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
    cameSoFar: (slot) => cameOfHead(pieces.get(slot), interims.get(slot) ?? 0),
    hello(slot) {
      pieces.delete(slot);
      interims.delete(slot);
      frames.stop(slot);
      deflate?.forget(slot);
      phases[slot] = HANDSHAKE;
      return requests.next(slot);
    },
    onBytes(slot, bytes) {
      const phase = phases[slot];
      if (phase === HANDSHAKE) readHead(slot, bytes);
      else if (phase === OPEN || phase === CLOSING) readFrames(slot, bytes);
    },
    onEnd(slot) {
      const phase = phases[slot];
      if (phase === HANDSHAKE) {
        const came = cameOfHead(pieces.get(slot), interims.get(slot) ?? 0);
        phases[slot] = OVER;
        pieces.delete(slot);
        interims.delete(slot);
        events.onHandshakeFailure(slot, 'closed-early', closedAfter(came));
      } else if (phase === OPEN || phase === CLOSING) {
        const where = frames.isMidway(slot) ? ' in the middle of a message' : '';
        phases[slot] = OVER;
        frames.stop(slot);
        events.onPeerClose(slot, `FIN without a close frame${where}`);
      }
    },
    message(slot, payload, isText = false) {
      const opcode = isText ? OPCODE.text : OPCODE.binary;
      return deflate?.isAgreed(slot)
        ? encodeFrame(opcode, deflate.compress(slot, payload), true)
        : encodeFrame(opcode, payload);
    },
    heartbeat: () => encodeFrame(OPCODE.ping, new Uint8Array(0)),
    goodbye(slot) {
      if (phases[slot] !== OPEN) return undefined;
      phases[slot] = CLOSING;
      deflate?.forget(slot);
      return encodeClose(CLOSE.normal);
    },
    release(slot) {
      phases[slot] = IDLE;
      interims.delete(slot);
      frames.stop(slot);
      deflate?.forget(slot);
    },
  };
}
