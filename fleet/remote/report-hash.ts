/**
 * The hash that reports of a run lie in. A share has three fields: its newest report; the newest that has distributions, which are larger
 * and said less often; and the numbers of both. The conductor asks for the numbers again and again, and for what is new alone.
 */
import type { Redis } from 'ioredis';
import type { ShareReport } from './messages.ts';
import { packReport } from './report-texts.ts';
import type { Voice } from './said.ts';

const fieldsOf = (share: number) => ({
  newest: String(share),
  withDistributions: `${share}:distributions`,
  numbers: `${share}:numbers`,
});

/** Puts reports of one share there. */
export class ReportWriter {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #voice: Voice;
  /** That of the last one with distributions. */
  #number = 0;

  constructor(redis: Redis, key: string, voice: Voice) {
    this.#voice = voice;
    this.#redis = redis;
    this.#key = key;
  }

  /** Rejects where Redis can't be asked. */
  async write(report: ShareReport): Promise<void> {
    const { share, generation, number } = report;
    const { newest, withDistributions, numbers } = fieldsOf(share);
    const isLarge = Object.keys(report.distributions).length > 0;
    const last = isLarge ? number : this.#number;
    await this.#redis.hset(this.#key, {
      [newest]: packReport({ ...report, distributions: {} }, this.#voice),
      ...(isLarge && { [withDistributions]: packReport(report, this.#voice) }),
      [numbers]: `${generation} ${number} ${last}`,
    });
    this.#number = last;
  }
}

/** Reads what is new of the reports of all shares. */
export class ReportReader {
  readonly #redis: Redis;
  readonly #key: string;
  readonly #shares: readonly number[];
  readonly #seen = new Map<number, string>();

  constructor(redis: Redis, key: string, shares: number) {
    this.#redis = redis;
    this.#key = key;
    this.#shares = Array.from({ length: shares }, (_, share) => share);
  }

  /** @returns their texts, see {@link unpackReport} @throws what Redis said */
  async read(): Promise<string[]> {
    const all = await this.#redis.hmget(this.#key, ...this.#shares.map((share) => fieldsOf(share).numbers));
    const fields = this.#shares.flatMap((share) => this.#newFields(share, all[share]));
    if (fields.length === 0) return [];
    const texts = await this.#redis.hmget(this.#key, ...fields);
    for (const [share, said] of all.entries()) if (said != null) this.#seen.set(share, said);
    return texts.filter((text) => text !== null);
  }

  #newFields(share: number, said: string | null | undefined): string[] {
    const before = this.#seen.get(share);
    if (said == null || said === before) return [];
    const { newest, withDistributions } = fieldsOf(share);
    const [generation, , number] = said.split(' ');
    const [generationBefore, , numberBefore] = before?.split(' ') ?? [];
    const isNew = number !== '0' && (generation !== generationBefore || number !== numberBefore);
    return isNew ? [newest, withDistributions] : [newest];
  }
}
