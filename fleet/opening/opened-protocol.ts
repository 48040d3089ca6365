import type { OpeningPlan } from '../../core/opening/plan.ts';
import type { Template } from '../../core/opening/template.ts';
import type { MessageProtocol, ProtocolEvents, Slot } from '../protocols/protocol.ts';
import { createBefore } from './before.ts';
import type { CourseDeps, CourseEvents } from './course.ts';
import { createDataCourse } from './data-course.ts';
import type { Identities } from './identities.ts';
import { createOwnCourse } from './own/own-course.ts';
import type { OwnModule } from './own/own-module.ts';

export interface OpeningDeps {
  readonly slots: number;
  readonly identities: Identities;
  /** Value of the Host header of requests before the upgrade. */
  readonly hostHeader: string;
  /** Header lines of the upgrade, which those requests may fill. */
  readonly headers?: Template | undefined;
  /** Code in place of the plan's steps and rules. */
  readonly own?: OwnModule | undefined;
  /** The clock that {@link MessageProtocol.step} is told. */
  readonly now: () => number;
  readonly events: ProtocolEvents;
  /** See {@link CourseDeps}. */
  readonly onStep?: CourseDeps['onStep'];
}

/** Where a slot is. What arrives in IDLE and OVER is not looked at. */
const IDLE = 0;
const OVER = 1;
/** Requests before the upgrade are answered one after the other. */
const BEFORE = 2;
/** The protocol below isn't usable yet. */
const UPGRADING = 3;
/** It is, and what has to be said first is being said. */
const OPENING = 4;
const OPEN = 5;
/** We said goodbye. */
const CLOSING = 6;

/**
 * A protocol whose connections are usable once an opening is done: requests before the upgrade, then steps. Its rules go on for
 * as long as they are open. A slot takes 3 bytes, and 7 more where there are requests before the upgrade.
 *
 * @param make makes the protocol that carries the messages, with these events
 */
export function withOpening(
  plan: OpeningPlan,
  make: (events: ProtocolEvents) => MessageProtocol,
  { slots, identities, hostHeader, headers, now, own, events, onStep }: OpeningDeps,
): MessageProtocol {
  const phases = new Uint8Array(slots);
  /** Connections that are opening without the extension that was offered. */
  const declined = new Set<Slot>();
  const fill = (slot: Slot, template: Parameters<Identities['fill']>[1]): Buffer => identities.fill(slot, template);
  const inner = make({
    onOpen: onUpgraded,
    onHandshakeFailure: fail,
    onPayload,
    onAnswer: (...answer) => events.onAnswer(...answer),
    onReply,
    onPeerClose,
    onProtocolError,
  });
  const courseDeps = { slots, isStream: inner.name === 'tcp', identities, fill, now, onStep };
  const courseEvents: CourseEvents = {
    onDone,
    onRefused: refuse,
    onBroken,
    onFarewell: onPeerClose,
    say: (slot, payload, isText) => onReply(slot, inner.message(slot, payload, isText)),
    onPayload: (slot, bytes, last) => events.onPayload(slot, bytes, last),
  };
  const course = own
    ? createOwnCourse(own, courseDeps, courseEvents)
    : createDataCourse(plan, courseDeps, courseEvents);
  const before =
    plan.before.length === 0
      ? undefined
      : createBefore(
          plan.before,
          { slots, identities, fill, hostHeader, headers },
          { onDone: upgrade, onFailure: fail, say: onReply },
        );

  function onReply(slot: Slot, bytes: Uint8Array, replaces?: boolean): void {
    events.onReply(slot, bytes, replaces);
  }

  function upgrade(slot: Slot): void {
    phases[slot] = UPGRADING;
    const hello = inner.hello(slot);
    if (hello) onReply(slot, hello);
    if (!inner.awaitsAnswer) onUpgraded(slot);
  }

  function onUpgraded(slot: Slot, isDeclined = false): void {
    phases[slot] = OPENING;
    if (isDeclined) declined.add(slot);
    course.begin(slot);
  }

  function onDone(slot: Slot): void {
    phases[slot] = OPEN;
    identities.forgetTaken(slot);
    events.onOpen(slot, declined.delete(slot));
  }

  function onPayload(slot: Slot, bytes: Uint8Array, last: boolean): void {
    const phase = phases[slot];
    if (phase === OPENING || phase === OPEN) course.hear(slot, bytes, last);
  }

  /** What was said first doesn't lead to a connection; the peer is told as the protocol below does it. */
  function refuse(slot: Slot, detail: string): void {
    const goodbye = inner.goodbye(slot);
    if (goodbye) onReply(slot, goodbye);
    fail(slot, 'opening-refused', detail);
  }

  function fail(...[slot, outcome, detail, isStranger]: Parameters<ProtocolEvents['onHandshakeFailure']>): void {
    over(slot);
    events.onHandshakeFailure(slot, outcome, detail, isStranger);
    identities.forgetTaken(slot);
  }

  /** An open connection that its rules can't go on with. */
  function onBroken(slot: Slot, detail: string, reason: 'protocol-error' | 'too-large'): void {
    const goodbye = inner.goodbye(slot);
    over(slot);
    if (goodbye) onReply(slot, goodbye);
    events.onProtocolError(slot, detail, reason);
  }

  function onPeerClose(slot: Slot, detail: string): void {
    const phase = phases[slot];
    if (phase === OPENING) {
      fail(slot, 'opening-refused', `${course.underWay(slot)}: the server closed: ${detail}`);
    } else if (phase === OPEN || phase === CLOSING) {
      over(slot);
      events.onPeerClose(slot, detail);
    }
  }

  function onProtocolError(slot: Slot, detail: string, reason?: 'protocol-error' | 'too-large'): void {
    const phase = phases[slot];
    if (phase === OPENING) {
      fail(slot, 'opening-refused', `${course.underWay(slot)}: the server broke the protocol: ${detail}`);
    } else if (phase === OPEN || phase === CLOSING) {
      over(slot);
      events.onProtocolError(slot, detail, reason);
    }
  }

  function over(slot: Slot): void {
    phases[slot] = OVER;
    forget(slot);
  }

  function forget(slot: Slot): void {
    declined.delete(slot);
    course.forget(slot);
    before?.forget(slot);
  }

  const isOpen = (slot: Slot): boolean => phases[slot] === OPEN;

  return {
    name: inner.name,
    awaitsAnswer: true,
    cameSoFar(slot) {
      const phase = phases[slot];
      if (phase === OPENING) return course.awaited(slot);
      return phase === BEFORE ? before!.cameSoFar(slot) : inner.cameSoFar(slot);
    },
    hello(slot) {
      forget(slot);
      if (before !== undefined) {
        phases[slot] = BEFORE;
        return before.begin(slot);
      }
      if (!inner.awaitsAnswer) {
        upgrade(slot);
        return undefined;
      }
      phases[slot] = UPGRADING;
      return inner.hello(slot);
    },
    onBytes(slot, bytes) {
      if (phases[slot] === BEFORE) before!.onBytes(slot, bytes);
      else inner.onBytes(slot, bytes);
    },
    onEnd(slot) {
      if (phases[slot] === BEFORE) before!.onEnd(slot);
      else inner.onEnd(slot);
    },
    message: (slot, payload, isText) => inner.message(slot, course.message(slot, payload) ?? payload, isText),
    heartbeat: (slot) =>
      course.heartbeat === undefined ? inner.heartbeat(slot) : inner.message(slot, course.heartbeat),
    goodbye(slot) {
      if (phases[slot] === OPEN && course.goodbye !== undefined) onReply(slot, inner.message(slot, course.goodbye));
      phases[slot] = CLOSING;
      return inner.goodbye(slot);
    },
    release(slot) {
      phases[slot] = IDLE;
      forget(slot);
      inner.release(slot);
    },
    step: (nowMs) => course.step(nowMs, isOpen),
  };
}
