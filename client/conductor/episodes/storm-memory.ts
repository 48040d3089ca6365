import { hostSocketsOf } from '../../../core/ledger/host-sockets.ts';
import { userBytesOf } from '../../../core/ledger/ledger.ts';
import type { MemoryPoint, StormEpisode } from '../../../core/schemas/record.ts';
import { readSockstatNow } from '../../../memory/sockstat.ts';
import type { LegCourse } from '../leg-course.ts';
import { watchPeaks } from '../peak-memory.ts';
import { settle } from '../settle.ts';
import { check } from '../watch.ts';

type Figures = Pick<StormEpisode, 'beforeBytes' | 'peakBytes' | 'peakAtMs' | 'afterBytes' | 'looks' | 'kernel'> &
  Required<Pick<StormEpisode, 'settledBytes'>>;

/** The target's user memory, and what the kernel has for sockets, from before the cut until the level is at rest again. */
export class StormMemory {
  readonly #course: LegCourse;
  readonly #watch;
  readonly #sizes: MemoryPoint['readings'] | undefined;
  #afterBytes: number | null = null;
  #kernelAfterBytes: number | null = null;
  #settledBytes: number | null = null;

  /** @param rest what was read of the level before; undefined: sizes of kernel objects aren't known */
  constructor(course: LegCourse, rest: MemoryPoint | undefined) {
    const { targetIsLocal, leg } = course.context;
    this.#course = course;
    // Where the target's end isn't in this kernel, or has no socket of TCP, these counts are not about it.
    this.#sizes = targetIsLocal && leg.family === 'inet' ? rest?.readings : undefined;
    this.#watch = watchPeaks(() => {
      const [user, kernel] = [this.#readUser(), this.#readKernel()];
      return { user, kernel, sum: user === null || kernel === null ? null : user + kernel };
    });
  }

  /** The level is whole again. */
  async readAfter(level: number): Promise<void> {
    this.#afterBytes = this.#readUser();
    this.#kernelAfterBytes = this.#readKernel();
    // A reading that collects is no part of the storm.
    this.stop();
    const { meters, settleTimeoutMs, watched } = this.#course.context;
    this.#course.enter('settle', level);
    const { readings } = await settle({
      read: (after) => meters.read(after ? { after } : { gc: true }),
      timeoutMs: settleTimeoutMs,
      look: () => check(level, watched),
      talks: false,
    });
    this.#settledBytes = userBytesOf(readings);
  }

  stop(): void {
    this.#watch.stop();
  }

  figures(): Figures {
    const [user, kernel, sum] = [this.#watch.peak('user'), this.#watch.peak('kernel'), this.#watch.peak('sum')];
    const { restBytes, peakBytes, peakAtMs } = kernel;
    return {
      beforeBytes: user.restBytes,
      peakBytes: user.peakBytes,
      peakAtMs: user.peakAtMs,
      afterBytes: this.#afterBytes,
      settledBytes: this.#settledBytes,
      looks: this.#watch.looks,
      kernel:
        restBytes === null || peakBytes === null || peakAtMs === null || sum.peakBytes === null
          ? null
          : {
              holds: 'both-ends',
              beforeBytes: restBytes,
              peakBytes,
              peakAtMs,
              afterBytes: this.#kernelAfterBytes,
              sumPeakBytes: sum.peakBytes,
            },
    };
  }

  #readUser(): number | null {
    return this.#course.context.meters.readQuick().targetBytes;
  }

  #readKernel(): number | null {
    const sockstat = this.#sizes && readSockstatNow();
    return this.#sizes && sockstat ? hostSocketsOf(this.#sizes, sockstat) : null;
  }
}
