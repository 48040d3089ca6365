import type { OpeningPlan } from '../../core/opening/plan.ts';
import type { Slot } from '../protocols/protocol.ts';
import { CODEC_OF } from './codecs/index.ts';
import { compileOpening } from './compiled.ts';
import type { Course, CourseDeps, CourseEvents } from './course.ts';
import { cutBy, cutByCodec, FRAMES } from './inbox.ts';
import { listenToMessages } from './messages.ts';
import { createProgress } from './progress.ts';
import { quoteSaid } from './quote-said.ts';
import { listenToStream } from './stream.ts';

/** Steps and rules that are data. 2 bytes a slot. */
export function createDataCourse(plan: OpeningPlan, deps: CourseDeps, events: CourseEvents): Course {
  const { slots, isStream, identities, fill } = deps;
  const codec = plan.codec && CODEC_OF[plan.codec](plan);
  const { steps, on, every } = compileOpening(plan, slots, fill, codec);
  const describe = (slot: Slot, message: Buffer): string =>
    codec ? codec.describe(message) : quoteSaid(message, (text) => identities.hide(slot, text));
  const progress = createProgress(steps, { ...deps, describe }, events);
  const cutting = codec ? cutByCodec(codec) : isStream ? plan.messageEnd && cutBy(plan.messageEnd) : FRAMES;
  const parts = { on, progress, events, describe, codec };
  const ear = cutting ? listenToMessages(cutting, parts) : listenToStream(parts);

  return {
    begin: (slot) => progress.begin(slot),
    hear(slot, bytes, last) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (progress.isDone(slot)) ear.hearOpen(slot, buffer, last);
      else ear.hearFirst(slot, buffer, last);
    },
    underWay: (slot) => progress.underWay(slot),
    awaited: (slot) => progress.awaited(slot),
    step(nowMs, isOpen) {
      let nextInMs = progress.step(nowMs, (slot) => ear.onWaited(slot));
      for (const { round, saying } of every) {
        const sayInMs = round.step(nowMs, (slot) => {
          if (!isOpen(slot)) return false;
          events.say(slot, saying.bytesFor(slot), saying.isText);
          return true;
        });
        nextInMs = Math.min(nextInMs, sayInMs);
      }
      return nextInMs;
    },
    forget(slot) {
      progress.forget(slot);
      ear.forget(slot);
    },
    message: (slot, payload) => codec?.message(slot, payload, fill),
    heartbeat: codec?.heartbeat,
    goodbye: codec?.goodbye,
  };
}
