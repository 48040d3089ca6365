import { shown } from '../protocols/http-head.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { Codec } from './codecs/codec.ts';
import { type Ear, type EarParts, tooLong } from './ear.ts';
import { type Cutting, Inbox, LOOKED_AT_BYTES, MOST_HELD_BYTES, TOO_MANY_HELD } from './inbox.ts';

/** What a message takes beside its bytes. */
const MESSAGE_BYTES = 128;

/** Where messages have ends: in frames, or cut out of a stream. */
export function listenToMessages(cutting: Cutting, { on, progress, events, describe, codec }: EarParts): Ear {
  const inbox = new Inbox(cutting);
  /** Payload comes of a packet that is too long to be kept. */
  const pouring = new Set<Slot>();
  /** What was said while it was waited, of those that wait. */
  const queued = new Map<Slot, { readonly bytes: number; readonly messages: Buffer[] }>();
  let queuedBytes = 0;

  /** @returns whether a rule has taken it */
  function answer(slot: Slot, message: Buffer, isWhole: boolean): boolean {
    for (const { pattern, saying } of on) {
      if (!pattern.matches(slot, message, isWhole)) continue;
      if (saying) events.say(slot, saying.bytesFor(slot), saying.isText);
      return true;
    }
    return false;
  }

  function judge(slot: Slot, message: Buffer): void {
    const step = progress.current(slot);
    if (step?.kind === 'wait') queue(slot, message);
    else if (step?.pattern.matches(slot, message, true)) progress.meet(slot, message);
    else progress.miss(slot, message);
  }

  function queue(slot: Slot, message: Buffer): void {
    const { bytes: before = 0, messages = [] } = queued.get(slot) ?? {};
    // An empty message takes memory, too.
    const bytes = before + message.length + MESSAGE_BYTES;
    queued.set(slot, { bytes, messages });
    queuedBytes += bytes - before;
    messages.push(Buffer.from(message));
    if (bytes > LOOKED_AT_BYTES) progress.refuse(slot, `the server said more than ${LOOKED_AT_BYTES} bytes meanwhile`);
    else if (queuedBytes > MOST_HELD_BYTES) progress.refuse(slot, TOO_MANY_HELD);
  }

  function takeQueued(slot: Slot): readonly Buffer[] {
    const found = queued.get(slot);
    if (found === undefined) return [];
    queued.delete(slot);
    queuedBytes -= found.bytes;
    return found.messages;
  }

  function hearOpen(slot: Slot, bytes: Buffer, last: boolean): void {
    if (codec === undefined) events.onPayload(slot, bytes, last);
    if (codec === undefined && on.length === 0) return;
    let from = 0;
    do {
      from = inbox.take(slot, bytes, from, last);
      if (inbox.isFull) events.onBroken(slot, TOO_MANY_HELD, 'too-large');
      else if (inbox.isBroken) events.onBroken(slot, noPacket(inbox.message!), 'protocol-error');
      else hearFound(slot);
    } while (from < bytes.length && progress.isDone(slot));
  }

  /** What the inbox has found on an open connection. */
  function hearFound(slot: Slot): void {
    const { message, passed, isWhole, isPassedLast } = inbox;
    if (message && codec) hearPacket(slot, message, isWhole, codec);
    else if (message) answer(slot, message, isWhole);
    if (!passed || !pouring.has(slot)) return;
    events.onPayload(slot, passed, isPassedLast);
    if (isPassedLast) pouring.delete(slot);
  }

  function hearPacket(slot: Slot, packet: Buffer, isWhole: boolean, { payloadAt, farewell }: Codec): void {
    const payload = payloadAt(packet);
    if (payload > 0) events.onPayload(slot, packet.subarray(payload), isWhole);
    if (payload > 0 && !isWhole) pouring.add(slot);
    reply(slot, packet);
    answer(slot, packet, isWhole);
    const words = farewell(packet);
    if (words !== undefined) events.onFarewell(slot, words);
  }

  function reply(slot: Slot, packet: Buffer): void {
    const bytes = codec?.reply(packet);
    if (bytes) events.say(slot, bytes, false);
  }

  function hearOne(slot: Slot, message: Buffer): void {
    reply(slot, message);
    const words = codec?.farewell(message);
    if (words !== undefined) progress.refuse(slot, `the server said ${words}`);
    else if (!answer(slot, message, true)) judge(slot, message);
  }

  /** What was said before the connection was open, and no step asked for. */
  function hearLate(slot: Slot, message: Buffer): void {
    const from = codec === undefined ? 0 : codec.payloadAt(message);
    if (codec === undefined || from > 0) events.onPayload(slot, message.subarray(from), true);
  }

  return {
    hearFirst(slot, bytes, last) {
      let from = 0;
      do {
        from = inbox.take(slot, bytes, from, last);
        const { message } = inbox;
        if (inbox.isFull) progress.refuse(slot, TOO_MANY_HELD);
        else if (inbox.isBroken) progress.refuse(slot, noPacket(inbox.message!));
        else if (message && !inbox.isWhole) progress.refuse(slot, tooLong(describe(slot, message), LOOKED_AT_BYTES));
        else if (message) hearOne(slot, message);
      } while (from < bytes.length && progress.current(slot) !== undefined);
      if (progress.isDone(slot) && from < bytes.length) hearOpen(slot, bytes.subarray(from), last);
    },
    hearOpen,
    onWaited(slot) {
      for (const message of takeQueued(slot)) {
        if (progress.current(slot) !== undefined) judge(slot, message);
        else if (progress.isDone(slot)) hearLate(slot, message);
      }
    },
    forget(slot) {
      if (pouring.size > 0) pouring.delete(slot);
      inbox.forget(slot);
      if (queued.size > 0) takeQueued(slot);
    },
  };
}

const noPacket = (bytes: Uint8Array): string => `what it said is no packet: it begins with ${shown(bytes)}`;
