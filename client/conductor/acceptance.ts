import { readlinkSync } from 'node:fs';
import { endsIn, type Taken, type TargetEnds, takenByEnds, takenOf } from '../../core/ledger/taken.ts';
import type { Readings } from '../../core/schemas/readings.ts';
import type { RigError } from '../../core/values/errors.ts';
import { readAcceptQueue } from '../../memory/accept-queue.ts';
import { readDescriptorUse } from '../../memory/descriptors.ts';
import { type Backlog, type ListenCounters, readBacklog, readListenCounters } from '../../memory/listen-counters.ts';
import type { Meters } from '../../memory/meter-set.ts';
import { readUnixBacklog } from '../../memory/unix-ends.ts';
import { explainLack } from './acceptance-error.ts';

type EndsRead = Pick<Readings, 'established' | 'target'> & Partial<Pick<Readings, 'remote'>>;

export interface AcceptanceOptions {
  readonly url: string;
  readonly ip: string;
  readonly ports: readonly number[];
  /** A Unix socket, in place of address and ports. */
  readonly socketPath?: string | undefined;
  /** Root of the target's process tree; null when it isn't known here. */
  readonly pid: number | null;
  /** The target's end of the connections lies in this machine's kernel. */
  readonly isLocal: boolean;
  /** Connections come from other machines, too. */
  readonly isOfFleet?: boolean;
  readonly meters: Pick<Meters, 'readEnds' | 'readLive'>;
}

/** While connections wait in the accept queue, who has the others is of no hurry. */
const LIST_EVERY_MS = 1000;

/** Whether the target has the connections that are open for us, and why it may not. For one leg. */
export class Acceptance {
  readonly #options: AcceptanceOptions;
  readonly #seesOurNetwork: boolean;
  readonly #counters = readListenCounters();
  #before: EndsRead = { established: null, target: null };
  #backlog: Backlog | null = null;
  #listedAtMs = Number.NEGATIVE_INFINITY;
  #last: Taken | null = null;

  constructor(options: AcceptanceOptions) {
    this.#options = options;
    // A Unix socket's ends are in the list of who connects.
    this.#seesOurNetwork = options.socketPath !== undefined || (options.isLocal && isInOurNetwork(options.pid));
  }

  /** Connections that the target has by then are somebody else's. */
  async begin(readings: EndsRead): Promise<void> {
    this.#before = readings;
    this.#backlog = await this.#readBacklog();
  }

  /** How often the target's listeners turned somebody away since it began; null where that isn't known. */
  async turnedAway(): Promise<Backlog | null> {
    const now = await this.#readBacklog();
    return now && this.#backlog && { most: now.most, drops: now.drops - this.#backlog.drops };
  }

  /** @returns null where nobody tells */
  async look(level: number): Promise<Taken | null> {
    const queued = await this.#queued();
    if (queued > 0 && this.#last && performance.now() - this.#listedAtMs < LIST_EVERY_MS) {
      return { ...this.#last, connections: Math.min(this.#last.connections, level - 1), queued };
    }
    const taken = this.takenOf(level, await this.#options.meters.readEnds());
    this.#listedAtMs = performance.now();
    // Where the list isn't to be had, the queue is the same in every case.
    this.#last =
      taken ?? (queued > 0 ? { connections: Math.max(0, level - queued), queued, requests: 0, by: 'sockets' } : null);
    return this.#last;
  }

  /** By a reading with the list of connections. */
  takenOf(level: number, readings: EndsRead): Taken | null {
    const ends = this.#options.isOfFleet ? this.#endsIn(readings) : null;
    const byEnds = ends && takenByEnds(level, this.#endsIn(this.#before), ends);
    if (byEnds || this.#options.isOfFleet) return byEnds ?? takenOf(level, this.#before, readings, false);
    const bySockets = this.#seesOurNetwork ? takenOf(level, this.#before, readings, true) : null;
    if (bySockets && (bySockets.by === 'files' || this.#isTold(bySockets))) return bySockets;
    return takenOf(level, this.#before, readings, false);
  }

  /** Why the target doesn't have them all, once it has taken none for so long. */
  async causeOf(level: number, taken: Taken, timeoutMs: number): Promise<RigError> {
    const { url, isLocal, socketPath, meters } = this.#options;
    return explainLack({
      url,
      level,
      taken,
      timeoutMs,
      counters: isLocal && socketPath === undefined ? this.#counted() : null,
      backlog: await this.#readBacklog(),
      descriptors: readDescriptorUse(meters.readLive().target?.pids ?? []),
    });
  }

  /**
   * A connection may be led elsewhere on its way, to another port or into a container. Then none of the target's ends is in
   * the list, and no listener here shows that it lacks something.
   */
  #isTold({ connections, queued, requests }: Taken): boolean {
    if (connections > 0 || queued > 0 || requests > 0 || this.#options.socketPath !== undefined) return true;
    const counters = this.#counted();
    return counters !== null && Object.values(counters).some((count) => count > 0);
  }

  #endsIn({ established, remote }: EndsRead): TargetEnds | null {
    if (this.#seesOurNetwork) return established && endsIn(established);
    return remote?.ends ?? null;
  }

  async #readBacklog(): Promise<Backlog | null> {
    const { ip, ports, socketPath } = this.#options;
    if (socketPath !== undefined) return readUnixBacklog(socketPath);
    return this.#seesOurNetwork ? await readBacklog(ip, ports) : null;
  }

  async #queued(): Promise<number> {
    const { isLocal, ip, ports, socketPath } = this.#options;
    if (socketPath !== undefined) return (await readUnixBacklog(socketPath))?.waiting ?? 0;
    return isLocal ? ((await readAcceptQueue(ip, ports)) ?? 0) : 0;
  }

  #counted(): ListenCounters | null {
    const now = readListenCounters();
    const before = this.#counters;
    if (!now || !before) return null;
    const names = Object.keys(now) as (keyof ListenCounters)[];
    return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as Record<
      keyof ListenCounters,
      number
    >;
  }
}

/** What can't be told of another user's process is taken for so. */
function isInOurNetwork(pid: number | null): boolean {
  if (pid === null) return true;
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
  } catch {
    return true;
  }
}
