import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';
import { redactText } from '../../core/values/secrets.ts';
import { ENTRY_FIELD, fleetKeys, type ShareEvent } from './messages.ts';
import { toSpoken } from './said.ts';
import type { OwnOfWorker } from './share-process.ts';

interface Refuser {
  readonly prefix: string;
  readonly offer: { readonly host: string };
  readonly own: Pick<OwnOfWorker, 'token'>;
  readonly say: (line: string) => void;
}

/** Others may add jobs to the queue that are nothing for us: of each kind one is told, then every hundredth. */
const TOLD_EVERY = 100;
const EVENTS_MOST = 1000;
/** As conductors name their runs: anything else would be a key of somebody's choice. */
const RUN = /^[\w-]{1,64}$/;

/** What a worker doesn't hold, and why: in a line for people, and to the conductor of the run. */
export class Refusals {
  readonly #redis: Redis;
  readonly #options: Refuser;
  readonly #times = new Map<string, number>();

  constructor(redis: Redis, options: Refuser) {
    this.#redis = redis;
    this.#options = options;
  }

  /** @param data of the job, by whomever it is */
  async tell(data: unknown, error: unknown): Promise<void> {
    const { code, message, hint } =
      error instanceof RigError ? error : { code: 'EDEFECT', message: redactText(String(error)), hint: undefined };
    this.#print(code, message);
    // A stranger may have written it, and shall not end a run of ours by it.
    if (code === 'EFLEETTOKEN') return;
    const { run, share } = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {};
    if (typeof run !== 'string' || !RUN.test(run) || typeof share !== 'number' || !Number.isSafeInteger(share)) return;
    const { prefix, offer, own } = this.#options;
    const event: ShareEvent = {
      type: 'refused',
      share: Math.max(0, share),
      host: offer.host,
      code,
      sentence: message,
      ...(hint !== undefined && { hint }),
    };
    const keys = fleetKeys(prefix, run);
    try {
      // A run that has no conductor has nobody who would hear it, or clear it away.
      if ((await this.#redis.exists(keys.conductor)) === 0) return;
      const said = toSpoken(event, 'event', { token: own.token, run });
      await this.#redis.xadd(keys.events, 'MAXLEN', '~', EVENTS_MOST, '*', ENTRY_FIELD, said);
    } catch {
      // Then the conductor sees that nobody holds the share.
    }
  }

  #print(code: string, message: string): void {
    const times = (this.#times.get(code) ?? 0) + 1;
    this.#times.set(code, times);
    if (times === 1) this.#options.say(`${code}: ${message}`);
    else if (times % TOLD_EVERY === 0) this.#options.say(`${code}: ${message} (${times} times so far)`);
  }
}
