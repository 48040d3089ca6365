import { humanMs } from '../../core/values/units.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { OpeningStep, Saying } from './compiled.ts';
import type { CourseDeps, CourseEvents } from './course.ts';
import { jsonIn, takeFields } from './patterns.ts';

/** How far each connection is with its steps. */
export interface StepProgress {
  begin(slot: Slot): void;
  /** The step under way, an `expect` or a `wait`; undefined: none is, any more. */
  current(slot: Slot): Exclude<OpeningStep, { kind: 'send' }> | undefined;
  isDone(slot: Slot): boolean;
  /** What was expected has come. */
  meet(slot: Slot, message: Buffer): void;
  /** Something else has come. */
  miss(slot: Slot, message: Buffer): void;
  /** The step under way can't be met any more. */
  refuse(slot: Slot, why: string): void;
  underWay(slot: Slot): string;
  awaited(slot: Slot): string;
  /** @param onWaited of connections that have waited, and go on by then @returns ms until something is due again */
  step(nowMs: number, onWaited: (slot: Slot) => void): number;
  forget(slot: Slot): void;
}

export interface ProgressDeps extends CourseDeps {
  /** What came, for people. */
  readonly describe: (slot: Slot, message: Buffer) => string;
}

/** In place of a step's number. */
const REFUSED = 65_535;

/** What is longer is not kept to be told. */
const MOST_MISSED_BYTES = 4096;

/** Steps one after the other. 2 bytes a slot, and an entry in a map while a step has a time of its own. */
export function createProgress(steps: readonly OpeningStep[], deps: ProgressDeps, events: CourseEvents): StepProgress {
  const { identities, now, describe, onStep } = deps;
  /** The step under way; as many as there are when all are done. */
  const at = new Uint16Array(deps.slots);
  /** Where others may come before what is expected: the last of them, unless it was long. */
  const missed = new Map<Slot, Buffer | undefined>();

  const stepOf = (slot: Slot): OpeningStep | undefined => steps[at[slot]!];

  function leave(slot: Slot): void {
    const step = stepOf(slot);
    if (step !== undefined && step.kind !== 'send') step.dues?.delete(slot);
    if (missed.size > 0) missed.delete(slot);
  }

  /** Says what is next to be said, up to a step that takes something of the server, or time. */
  function goOn(slot: Slot, from: number): void {
    for (let index = from; index < steps.length; index++) {
      const step = steps[index]!;
      at[slot] = index;
      onStep?.(slot, index);
      if (step.kind !== 'send') {
        step.dues?.add(slot, now());
        return;
      }
      say(slot, step.saying);
    }
    at[slot] = steps.length;
    events.onDone(slot);
  }

  function say(slot: Slot, { bytesFor, isText }: Saying): void {
    events.say(slot, bytesFor(slot), isText);
  }

  function underWay(slot: Slot): string {
    const step = stepOf(slot)!;
    const what =
      step.kind === 'expect' ? `expects ${step.said}` : step.kind === 'wait' ? `waits ${humanMs(step.ms)}` : '';
    return `step ${at[slot]! + 1} of ${steps.length} ${what}`;
  }

  function awaited(slot: Slot): string {
    const last = missed.get(slot);
    const came = missed.has(slot) ? `; what came last is ${last ? describe(slot, last) : 'a long message'}` : '';
    return stepOf(slot)?.kind === 'expect' ? `${underWay(slot)}, which did not come${came}` : underWay(slot);
  }

  function refuse(slot: Slot, why: string): void {
    const detail = `${underWay(slot)}: ${why}`;
    leave(slot);
    at[slot] = REFUSED;
    events.onRefused(slot, detail);
  }

  return {
    begin: (slot) => goOn(slot, 0),
    current: (slot) => stepOf(slot) as Exclude<OpeningStep, { kind: 'send' }> | undefined,
    isDone: (slot) => at[slot] === steps.length,
    meet(slot, message) {
      const step = stepOf(slot) as Extract<OpeningStep, { kind: 'expect' }>;
      if (step.take.length > 0) {
        const json = jsonIn(slot, message, step.pattern);
        const missing = takeFields(json, step.take, (name, value) => identities.keepTaken(slot, name, value));
        if (missing !== undefined) {
          refuse(slot, `there is no field ${missing} to take in ${describe(slot, message)}`);
          return;
        }
      }
      leave(slot);
      goOn(slot, at[slot]! + 1);
    },
    miss(slot, message) {
      const step = stepOf(slot) as Extract<OpeningStep, { kind: 'expect' }>;
      if (step.skips) missed.set(slot, message.length > MOST_MISSED_BYTES ? undefined : Buffer.from(message));
      else refuse(slot, `the server said ${describe(slot, message)}`);
    },
    refuse,
    underWay,
    awaited,
    step(nowMs, onWaited) {
      let nextInMs = Number.POSITIVE_INFINITY;
      for (const [index, step] of steps.entries()) {
        if (step.kind === 'send' || step.dues === undefined) continue;
        const dueInMs = step.dues.step(nowMs, (slot) => {
          if (step.kind === 'wait') {
            goOn(slot, index + 1);
            onWaited(slot);
            return;
          }
          const detail = `${awaited(slot)} within ${humanMs(step.ms)}`;
          at[slot] = REFUSED;
          missed.delete(slot);
          events.onRefused(slot, detail);
        });
        nextInMs = Math.min(nextInMs, dueInMs);
      }
      return nextInMs;
    },
    forget(slot) {
      leave(slot);
      at[slot] = REFUSED;
    },
  };
}
