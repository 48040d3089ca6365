import { setTimeout as delay } from 'node:timers/promises';
import type { StormRestart } from '../../../core/schemas/storm.ts';
import { toWarning } from '../../../core/values/warnings.ts';
import { monotonicClock } from '../../../fleet/local/shared.ts';
import { readBacklog } from '../../../memory/listen-counters.ts';
import { readUnixBacklog } from '../../../memory/unix-ends.ts';
import type { LegCourse, RestartContext } from '../leg-course.ts';
import { type PeakMemory, watchPeakMemory } from '../peak-memory.ts';

/** How long nobody listens is known to within this. */
const LOOK_MS = 5;

/** The target restarts while a storm looks on. */
export class Restart {
  readonly #course: LegCourse;
  readonly #context: RestartContext;
  readonly #now = monotonicClock();
  readonly #result: StormRestart;
  /** The old process, then the new one. */
  readonly #peaks: PeakMemory[] = [];
  #signalledAtMs: number | undefined;
  #goneAtMs: number | undefined;
  #goesOn = true;
  #error: unknown;

  constructor(course: LegCourse, context: RestartContext) {
    this.#course = course;
    this.#context = context;
    this.#result = {
      signal: context.plan.signal,
      killed: false,
      endedMs: null,
      listeningMs: null,
      downMs: null,
      pids: [context.attended.target.pid, null],
      peaksBytes: [null, null],
    };
  }

  /** Until the target is there again. @throws RigError why it never will be */
  goesOn(): boolean {
    if (this.#error !== undefined) throw this.#error;
    return this.#goesOn;
  }

  /** By {@link monotonicClock}; undefined before. */
  get signalledAtMs(): number | undefined {
    return this.#signalledAtMs;
  }

  /** So far; nothing is looked at any longer. */
  end(): StormRestart {
    this.#goesOn = false;
    for (const peak of this.#peaks) peak.stop();
    const [old, fresh] = this.#peaks.map(({ peakBytes }) => peakBytes);
    return { ...this.#result, peaksBytes: [old ?? null, fresh ?? null] };
  }

  begin(): void {
    void this.#run()
      .catch((error: unknown) => {
        this.#error = error;
      })
      .finally(() => {
        this.#goesOn = false;
      });
  }

  /** Once it has no more to do than to hold connections: a server that is busy is slow to tell how it can be looked into. */
  lookInto(): Promise<void> {
    return this.#context.attended.lookInto();
  }

  async #run(): Promise<void> {
    const { attended, plan } = this.#context;
    const isSeen = await this.#listens();
    let watching: Promise<void> | undefined;
    await attended.restart(plan, {
      signalled: () => {
        this.#signalledAtMs = this.#now();
        this.#watchPeak();
        if (isSeen) watching = this.#watchListeners();
      },
      ended: (killed) => {
        Object.assign(this.#result, { killed, endedMs: this.#sinceMs() });
        if (isSeen) this.#goneAtMs ??= this.#now();
        this.#peaks[0]?.stop();
        this.#watchPeak();
        if (killed && this.#goesOn) this.#course.warn(toWarning('WKILLED', plan));
      },
    });
    this.#result.pids[1] = attended.target.pid;
    await watching;
    this.#result.listeningMs ??= this.#sinceMs();
  }

  async #watchListeners(): Promise<void> {
    while (this.#goesOn) {
      const listens = await this.#listens();
      if (!listens) this.#goneAtMs ??= this.#now();
      else if (this.#goneAtMs !== undefined) {
        Object.assign(this.#result, { listeningMs: this.#sinceMs(), downMs: this.#now() - this.#goneAtMs });
        return;
      }
      await delay(LOOK_MS);
    }
  }

  #watchPeak(): void {
    // The storm may be over before it has ended: the run was interrupted.
    if (!this.#goesOn) return;
    const { meters } = this.#course.context;
    this.#peaks.push(watchPeakMemory(() => meters.readQuick().targetBytes));
  }

  #sinceMs(): number {
    return this.#now() - this.#signalledAtMs!;
  }

  /** At any of its ports; false where that can't be seen. */
  async #listens(): Promise<boolean> {
    const { ip, ports, socketPath } = this.#context;
    return (socketPath === undefined ? await readBacklog(ip, ports) : await readUnixBacklog(socketPath)) !== null;
  }
}
