import type { BroadcastPlan } from '../../core/behaviours/broadcast.ts';
import { recordMs } from '../../core/stats/histogram.ts';
import { DeliveryBook } from '../local/delivery-book.ts';
import { Publications } from '../local/publications.ts';
import type { Protocol, Slot } from '../protocols/protocol.ts';
import { type Behaviour, type BehaviourDeps, MOST_AT_ONCE } from './behaviour.ts';
import { Deliveries } from './deliveries.ts';
import { findMarks, findNumbers, type MessageFinder } from './message-finder.ts';
import { PublishedMessage } from './published-message.ts';
import { OPENING_NUMBERS } from './time-mark.ts';

/** Connections for which nothing is due by the clock have their messages looked at so often, all the same. */
const LOOK_MS = 50;

/**
 * One connection of the fleet publishes, or somebody beside it, and all others receive. Open-loop: when a message is sent follows
 * from the clock alone. The publisher is an open connection of the first worker, and the same one for as long as it is open.
 *
 * @throws TypeError where nobody has made room for what is counted, or the protocol has no messages to publish by
 */
export function createBroadcast(plan: BroadcastPlan, deps: BehaviourDeps): Behaviour {
  const { connections, protocol, tally, histograms, now, marks, broadcasts } = deps;
  if (broadcasts === undefined) throw new TypeError('nobody counts what is published');
  const publications = new Publications(broadcasts.publications);
  const deliveries = new Deliveries({
    slots: connections.capacity,
    withinMs: plan.withinMs,
    publications,
    book: new DeliveryBook(broadcasts.book, publications.kept),
    tally,
    delays: histograms.delivery,
    now,
  });
  const finder = finderFor(plan, deps, deliveries);
  const publishes = plan.by === 'connection' && marks.first === 0;
  const message = new PublishedMessage(plan.bytes, marks.run, broadcasts.template);
  const messageFor = publishes ? messagesOf(protocol) : undefined;
  let publisher: Slot = NOBODY;
  /** The moment from which messages are planned, and how many have been since. */
  let startedAtMs: number | undefined;
  let taken = 0;
  const plannedOf = (index: number): number => startedAtMs! + (index * 1000) / plan.perSecond;

  function publish(plannedAtMs: number): void {
    const sentAtMs = now();
    const number = deliveries.publish(publisher, plannedAtMs, sentAtMs);
    recordMs(histograms.sendLag, sentAtMs - plannedAtMs);
    const payload = message.write(number, plannedAtMs, sentAtMs);
    connections.send(publisher, messageFor!(publisher, payload, message.isText));
  }

  return {
    step(nowMs) {
      deliveries.look();
      if (!publishes) return LOOK_MS;
      if (publisher === NOBODY) publisher = connections.nextOpen(NOBODY);
      if (publisher === NOBODY) {
        startedAtMs = undefined;
        return LOOK_MS;
      }
      if (startedAtMs === undefined) {
        startedAtMs = nowMs;
        taken = 0;
      }
      for (let i = 0; i < MOST_AT_ONCE && plannedOf(taken) <= nowMs && publisher !== NOBODY; i++, taken++) {
        publish(plannedOf(taken));
      }
      return Math.max(0, plannedOf(taken) - nowMs);
    },

    gatherMs: () => (deliveries.open >= MANY ? GATHER_MS : 0),

    rest() {
      startedAtMs = undefined;
      deliveries.look();
    },

    onOpened: (slot) => deliveries.opened(slot),
    onPayload: (slot, bytes, last) => finder.read(slot, bytes, last),
    onAnswer() {},

    onClosed(slot) {
      if (slot === publisher) publisher = NOBODY;
      finder.forget(slot);
      deliveries.closed(slot);
    },
  };
}

const NOBODY = -1;
/** To so many connections of one thread a message takes tens of ms. Then a quarter of one does no harm to its times. */
const MANY = 1000;
const GATHER_MS = 0.25;

function finderFor(plan: BroadcastPlan, { marks, now }: BehaviourDeps, deliveries: Deliveries): MessageFinder {
  if (plan.numberAfter !== null) {
    return findNumbers(Buffer.from(plan.numberAfter), now, (slot, number, nowMs) =>
      deliveries.receivedNumber(slot, number, nowMs),
    );
  }
  const shape = { length: plan.bytes, run: marks.run, earliestMs: now() };
  return findMarks(shape, now, (slot, { opening, plannedAtMs }, nowMs) =>
    deliveries.receivedMarked(slot, opening, OPENING_NUMBERS, plannedAtMs, nowMs),
  );
}

function messagesOf(protocol: Protocol): (slot: Slot, payload: Uint8Array, isText: boolean) => Uint8Array {
  if (!('message' in protocol)) throw new TypeError(`${protocol.name} has no messages to publish`);
  const { message } = protocol as Protocol & { message(slot: Slot, payload: Uint8Array, isText: boolean): Uint8Array };
  return (slot, payload, isText) => message(slot, payload, isText);
}
