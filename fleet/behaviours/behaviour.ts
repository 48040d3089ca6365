import type { BehaviourPlan } from '../../core/behaviours/behaviours.ts';
import type { CloseReason } from '../../core/values/outcomes.ts';
import type { LocalEnd } from '../engines/local-end.ts';
import type { VanishedEnds } from '../engines/vanisher.ts';
import type { TallyWriter, WorkerBroadcasts } from '../local/shared.ts';
import type { Protocol, Slot } from '../protocols/protocol.ts';
import type { HistogramName, Vanished } from '../wire.ts';
import type { MarkNumbers } from './time-mark.ts';

/** A reply that took longer, counted from the planned moment, is late. */
export const LATE_REPLY_MS = 1000;
/** Sent in one step at the most: the sockets want a turn, too. */
export const MOST_AT_ONCE = 1000;

/**
 * What one worker's open connections do. One for all of them: it goes round, so that no connection has a timer, and
 * keeps at most a few numbers per slot.
 */
export interface Behaviour {
  /** Does what is due. @returns ms until something is due again */
  step(nowMs: number): number;
  /** For how long what comes may wait for more, so that a thread with many connections is woken less often; without it: not at all. */
  gatherMs?(): number;
  /** No more until the next step, which begins afresh: what would have been due meanwhile isn't made up for. */
  rest(): void;
  /** The connection is usable from now on. */
  onOpened(slot: Slot): void;
  /** Payload arrived on an open connection; valid during the call. @param last it ends a message */
  onPayload(slot: Slot, bytes: Uint8Array, last: boolean): void;
  /** A request was answered, with a status of this class (2 to 5), and the peer keeps the connection or closes it now. */
  onAnswer(slot: Slot, statusClass: number, staysOpen: boolean): void;
  /** The connection is no longer open; not told of one that the behaviour itself has cut. */
  onClosed(slot: Slot): void;
  /** An episode begins with the connections that are open. What it has to do later it does in steps. */
  begin?(nowMs: number): void;
  /** Another number of connections is wanted: the episode is over, and what is still away is the pace's to open. */
  end?(): void;
  /**
   * The peer has ended one that was open, just after `onClosed`.
   *
   * @returns as what that counts when an episode goes on that brings it back, or that brought it about; undefined: it is lost
   */
  onLost?(slot: Slot, reason: CloseReason): CloseReason | undefined;
  /** An attempt that {@link Connections.comeBack} began has failed. */
  onReturnFailed?(slot: Slot): void;
}

/** All that a behaviour can do with the connections of its worker. */
export interface Connections {
  /** Slots there are: as long is an array with a number for each. */
  readonly capacity: number;
  /** @returns the open connection behind this one, round and round; -1 when none is open */
  nextOpen(after: Slot): Slot;
  send(slot: Slot, bytes: Uint8Array): void;
  /** In order, as if the plan had called for it; another is opened in its place. @returns false when too many are closing */
  close(slot: Slot): boolean;
  /** Ends one that is open, at once and without a goodbye: its peer sees a reset, or FIN alone. Nobody is opened in its place. */
  cut(slot: Slot, how: 'fin' | 'rst'): void;
  /**
   * Begins an attempt of one that was cut, outside of the pace of the run.
   *
   * @param dueAtMs when its wait was over
   * @returns its slot; −1 when there is no room for it now
   */
  comeBack(dueAtMs: number): Slot;
  /**
   * Has one that is open vanish: it counts as closed by us, and its peer gets no answer from then on, nor a word.
   *
   * @returns its ends; undefined where it has to be asked again, since something of ours is still on its way; else why it can't be
   */
  vanish(slot: Slot): VanishedEnds | undefined | string;
  /** Resets one that vanished. */
  dropVanished(slot: Slot): void;
  /** Connections that this worker is to have open by now. */
  wanted(): number;
  /** What part that is of all that the fleet is to have, 0 to 1. */
  share(): number;
  /**
   * Closes it as the behaviour's plan says, and opens another in its place at once, at no other pace.
   *
   * @param plannedAtMs when that was due: the time to open counts from there
   * @returns false when too many are on their way in, or closing
   */
  replace(slot: Slot, plannedAtMs: number): boolean;
  /** Reads no more of it, so that its peer is held back; see {@link Engine}. */
  pauseReading(slot: Slot): void;
  resumeReading(slot: Slot): void;
  /** Reads of one that is paused at most so much; see {@link Engine}. */
  readSome(slot: Slot, mostBytes: number): void;
  /** Whether its socket hasn't taken yet what was sent. */
  isQueued(slot: Slot): boolean;
  localEnd(slot: Slot): LocalEnd | undefined;
}

/** What behaviours work with; all of the worker's own. */
export interface BehaviourDeps<P extends Protocol = Protocol> {
  readonly connections: Connections;
  readonly protocol: P;
  readonly tally: TallyWriter;
  readonly histograms: Readonly<Record<HistogramName, Uint32Array>>;
  readonly now: () => number;
  readonly marks: MarkNumbers;
  /** Where it is counted what is published and received; undefined where nobody publishes. */
  readonly broadcasts?: WorkerBroadcasts | undefined;
  /** Told once in an episode which connections read slowly. */
  readonly onSlow?: ((ends: readonly SlowEnds[]) => void) | undefined;
  readonly tellVanished?: ((some: readonly Vanished[]) => void) | undefined;
  /** What went wrong with one connection, in words. */
  readonly onTrouble: (what: 'error', detail: string) => void;
}

/** Our ends of connections, from one address to one port. */
export interface SlowEnds {
  readonly address: LocalEnd['address'];
  readonly peerPort: number;
  readonly ports: Uint16Array;
}

/** @param plan this worker's share */
export type MakeBehaviour = (plan: BehaviourPlan, deps: BehaviourDeps) => Behaviour;
