import { Gathered } from '../protocols/gathered.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { OnRule, OpeningStep } from './compiled.ts';
import { type Ear, type EarParts, tooLong } from './ear.ts';
import { LOOKED_AT_BYTES, MOST_HELD_BYTES, TOO_MANY_HELD } from './inbox.ts';
import { jsonEnd } from './json-end.ts';

type Awaited = Exclude<OpeningStep, { kind: 'send' }> | undefined;

/** Nothing of what is looked for is in it. */
const NEVER = -1;
/** More has to come. */
const MORE = 0;

const NOTHING = Buffer.alloc(0);

/**
 * A stream of tcp that nothing cuts into messages is one text. A step's text stands where the one before ended, or anywhere
 * behind it where it is sought; the same goes for rules, which are sought once the connection is open. What ends first counts:
 * so it doesn't matter in which pieces the stream comes.
 */
export function listenToStream({ on, progress, events, describe }: EarParts): Ear {
  const gathered = new Gathered(LOOKED_AT_BYTES);

  /** What has come and isn't settled yet, with this behind it. */
  function takeWith(slot: Slot, bytes: Buffer): Buffer {
    return gathered.view(slot).length === 0 ? bytes : gathered.take(slot, bytes);
  }

  /** The rule whose text ends first, and where. */
  function firstRule(slot: Slot, rest: Buffer, isSought: boolean): { readonly rule?: OnRule; readonly end: number } {
    let rule: OnRule | undefined;
    let end = NEVER;
    for (const one of on) {
      const text = one.pattern.textFor(slot);
      const found = text === undefined || text.length === 0 ? NEVER : endOf(rest, text, isSought);
      if (found > 0 && (rule === undefined || found < end)) [rule, end] = [one, found];
      else if (found === MORE && rule === undefined) end = MORE;
    }
    return rule === undefined ? { end } : { rule, end };
  }

  function stepEnd(slot: Slot, rest: Buffer, step: Awaited): number {
    if (step?.kind !== 'expect') return MORE;
    if (step.pattern.kind !== 'json') return endOf(rest, step.pattern.textFor(slot)!, isSought(step));
    const end = jsonEnd(rest);
    return end > 0 && !step.pattern.matches(slot, rest.subarray(0, end), true) ? NEVER : end;
  }

  function answer(slot: Slot, { saying }: OnRule): void {
    if (saying) events.say(slot, saying.bytesFor(slot), saying.isText);
  }

  function hearFirst(slot: Slot, bytes: Buffer): void {
    let rest = takeWith(slot, bytes);
    while (progress.current(slot) !== undefined) {
      const step = progress.current(slot);
      const { rule, end: ruleEnd } = firstRule(slot, rest, isSought(step));
      const end = stepEnd(slot, rest, step);
      if (rule && (end <= 0 || ruleEnd <= end)) {
        answer(slot, rule);
        rest = rest.subarray(ruleEnd);
      } else if (end > 0) {
        const message = rest.subarray(0, end);
        rest = rest.subarray(end);
        progress.meet(slot, message);
      } else if (rest.length > LOOKED_AT_BYTES) {
        progress.refuse(slot, tooLong(describe(slot, rest), LOOKED_AT_BYTES));
      } else if (end === NEVER && step?.kind === 'expect' && step.skips) {
        rest = rest.subarray(Math.max(1, jsonEnd(rest)));
      } else if (end === NEVER && ruleEnd === NEVER) {
        progress.miss(slot, rest);
        return;
      } else {
        hold(slot, rest);
        return;
      }
    }
    if (progress.isDone(slot) && rest.length > 0) hearOpen(slot, rest);
  }

  function hold(slot: Slot, rest: Buffer): void {
    if (rest.length > 0) gathered.add(slot, rest);
    if (gathered.heldBytes > MOST_HELD_BYTES) progress.refuse(slot, TOO_MANY_HELD);
  }

  function hearOpen(slot: Slot, bytes: Buffer): void {
    events.onPayload(slot, bytes, false);
    if (on.length === 0) return;
    let rest = takeWith(slot, bytes);
    for (;;) {
      const { rule, end } = firstRule(slot, rest, true);
      if (!rule) break;
      answer(slot, rule);
      rest = rest.subarray(end);
    }
    const half = halfOf(slot, rest);
    if (half.length > 0) gathered.add(slot, half);
    if (gathered.heldBytes > MOST_HELD_BYTES) events.onBroken(slot, TOO_MANY_HELD, 'too-large');
  }

  /** The longest end of what came that a rule's text may begin with. */
  function halfOf(slot: Slot, rest: Buffer): Buffer {
    let most = 0;
    for (const { pattern } of on) {
      const text = pattern.textFor(slot) ?? NOTHING;
      for (let length = Math.min(rest.length, text.length - 1); length > most; length--) {
        if (rest.compare(text, 0, length, rest.length - length) === 0) most = length;
      }
    }
    return rest.subarray(rest.length - most);
  }

  return {
    hearFirst,
    hearOpen,
    onWaited(slot) {
      if (progress.current(slot) !== undefined) hearFirst(slot, NOTHING);
      else if (progress.isDone(slot)) {
        const rest = takeWith(slot, NOTHING);
        if (rest.length > 0) hearOpen(slot, rest);
      }
    },
    forget: (slot) => gathered.delete(slot),
  };
}

const isSought = (step: Awaited): boolean =>
  step?.kind === 'expect' && (step.skips || step.pattern.kind === 'contains');

/** Where a text in a stream ends. @param isSought else it has to stand at the beginning */
function endOf(rest: Buffer, text: Buffer, isSought: boolean): number {
  if (isSought) {
    const at = rest.indexOf(text);
    return at < 0 ? MORE : at + text.length;
  }
  const length = Math.min(rest.length, text.length);
  if (rest.compare(text, 0, length, 0, length) !== 0) return NEVER;
  return length === text.length ? length : MORE;
}
