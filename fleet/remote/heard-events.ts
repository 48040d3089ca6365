import { type ErrorCode, EXIT_OF, RigError } from '../../core/values/errors.ts';
import type { Agreement } from '../transports/tls/tls-options.ts';
import type { Vanished } from '../wire.ts';
import { readSlow, readVanished } from './ends-said.ts';
import type { ShareEvent } from './messages.ts';
import type { RemoteEvents } from './remote-plan.ts';

type Ready = Extract<ShareEvent, { readonly type: 'ready' }>;

/** What workers say once, passed on to the conductor of the leg. */
export class HeardEvents {
  readonly #events: RemoteEvents;
  readonly #onReady: (ready: Ready) => void;
  readonly #agreed = new Set<string>();
  readonly #ownOffsetMs: () => number;
  #refusal: RigError | undefined;
  #episode = 0;
  #vanished: Vanished[] = [];

  /** @param ownOffsetMs what is to be added to moments of this machine to have them by the clock of Redis */
  constructor(events: RemoteEvents, onReady: (ready: Ready) => void, ownOffsetMs: () => number) {
    this.#events = events;
    this.#onReady = onReady;
    this.#ownOffsetMs = ownOffsetMs;
  }

  /** Why a worker doesn't hold its share; undefined: all do. */
  get refusal(): RigError | undefined {
    return this.#refusal;
  }

  /** Connections that have vanished since the episode began that was told last, by moments of this machine. */
  get vanished(): readonly Vanished[] {
    return this.#vanished;
  }

  beginEpisode(episode: number): void {
    this.#episode = episode;
    this.#vanished = [];
  }

  take(event: ShareEvent): void {
    if (event.type === 'ready') this.#onReady(event);
    else if (event.type === 'trouble') {
      const { what, detail, openMs, silentMs } = event;
      const times = { ...(openMs !== undefined && { openMs }), ...(silentMs !== undefined && { silentMs }) };
      this.#events.onTrouble({ what, detail, ...times });
    } else if (event.type === 'agreed') {
      const key = JSON.stringify(event.agreement);
      if (!this.#agreed.has(key)) this.#events.onAgreed(event.agreement as Agreement);
      this.#agreed.add(key);
    } else if (event.type === 'slow') this.#events.onSlow?.(readSlow(event.ends));
    else if (event.type === 'vanished') {
      if (event.episode !== this.#episode) return;
      for (const one of readVanished(event.some, this.#ownOffsetMs())) this.#vanished.push(one);
    } else if (event.type === 'refused') {
      const code = event.code in EXIT_OF ? (event.code as ErrorCode) : 'EFLEETWORKERS';
      const { hint = `see what connrig worker prints on ${event.host}` } = event;
      this.#refusal ??= new RigError(code, `${event.host} refuses its share: ${event.sentence}`, { hint });
    }
  }
}
