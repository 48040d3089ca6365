import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import type { RedisLibraries } from './load.ts';
import { fleetKeys, queueOf, type ShareJob } from './messages.ts';

/** A share that somebody couldn't hold, or let go of, is there for the next one after so long. */
const AGAIN_AFTER_MS = 200;
/** A worker that gives up a share as often as this never holds it. */
const MOST_TIMES = 1000;

/** The queue in which shares of a run wait for a machine. */
export class ShareQueue {
  readonly #queue: Queue;
  readonly #connection: Redis;
  #ids: string[] = [];

  constructor({ bullmq, connect }: RedisLibraries, prefix: string, token: string | undefined) {
    const keys = fleetKeys(prefix);
    this.#connection = connect();
    this.#queue = new bullmq.Queue(queueOf(token), { prefix: keys.queuePrefix, connection: this.#connection });
    this.#queue.on('error', () => {});
  }

  async add(jobs: readonly ShareJob[]): Promise<void> {
    const options = {
      removeOnComplete: true,
      removeOnFail: true,
      attempts: MOST_TIMES,
      backoff: { type: 'fixed', delay: AGAIN_AFTER_MS },
    };
    const named = jobs.map((job) => ({ job, jobId: `${job.run}-${job.epoch}-${job.share}` }));
    this.#ids = named.map(({ jobId }) => jobId);
    await this.#queue.addBulk(
      named.map(({ job, jobId }) => ({ name: 'share', data: job, opts: { ...options, jobId } })),
    );
  }

  /** How many of the shares that were added last are still there: they wait, or somebody has them. */
  async left(): Promise<number> {
    const found = await Promise.all(this.#ids.map((id) => this.#queue.getJob(id)));
    return found.filter((job) => job !== undefined).length;
  }

  /** Whether nobody has a share: it waits for somebody to take it. */
  async isWaiting(share: number): Promise<boolean> {
    const job = await this.#queue.getJob(this.#ids[share] ?? '');
    return job !== undefined && (await job.getState()) === 'waiting';
  }

  /** Takes back those that nobody has. */
  async takeBack(): Promise<void> {
    for (const id of this.#ids) await this.#queue.remove(id).catch(() => {});
  }

  async close(): Promise<void> {
    await this.#queue.close();
    this.#connection.disconnect();
  }
}
