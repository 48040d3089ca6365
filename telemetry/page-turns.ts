import { setTimeout as delay, setImmediate as nextRound } from 'node:timers/promises';
import { type Answer, type Asker, type Route, sentence } from './answer.ts';

/** What making a page may take of everything else that is done here. */
export interface TurnLimits {
  /** Share of the time, for all together who ask without a token. */
  readonly share: number;
  /** What may be taken at once after a pause, in ms. */
  readonly burstMs: number;
  /** Nobody waits longer for a turn, in ms; a longer wait is a refusal. */
  readonly waitMs: number;
}

const LIMITS: TurnLimits = { share: 0.25, burstMs: 2000, waitMs: 60_000 };
/** Questions of one page that differ, and wait. */
const MOST_WAITING = 32;

/**
 * Makes a page by what it costs: one question at a time, and no more than a share of the time. A peer that asks the same
 * meanwhile gets the same answer; nothing is made for those who have left before their turn. With the share used up
 * questions wait, or are refused by 503 with `Retry-After`. A peer that knows a token waits for nothing but what is under
 * way.
 *
 * @param page the time it takes is what it costs
 */
export function inTurns(page: (query: URLSearchParams) => Promise<Answer>, limits: Partial<TurnLimits> = {}): Route {
  const turns = new Turns({ ...LIMITS, ...limits });
  return (query, asker) => turns.ask(query.toString(), asker, () => page(query));
}

/** One question of all who ask it. */
interface Turn {
  readonly question: string;
  readonly askers: Asker[];
  readonly answer: Promise<Answer>;
  readonly make: () => Promise<Answer>;
  readonly resolve: (answer: Answer | Promise<Answer>) => void;
}

class Turns {
  readonly #limits: TurnLimits;
  readonly #waiting = new Map<string, Turn>();
  #underWay: Turn | undefined;
  #isRunning = false;
  /** Time that may be taken, in ms; below 0: that was taken in advance. As of `#atMs`. */
  #leftMs: number;
  #atMs = performance.now();

  constructor(limits: TurnLimits) {
    this.#limits = limits;
    this.#leftMs = limits.burstMs;
  }

  async ask(question: string, asker: Asker, make: () => Promise<Answer>): Promise<Answer> {
    if (this.#underWay?.question === question) return this.#underWay.answer;
    let turn = this.#waiting.get(question);
    if (!turn) {
      const refusal = this.#refusal(asker);
      if (refusal) return refusal;
      turn = newTurn(question, make);
      this.#waiting.set(question, turn);
    }
    turn.askers.push(asker);
    if (!this.#isRunning) void this.#run();
    return turn.answer;
  }

  #refusal({ isTrusted }: Asker): Answer | undefined {
    const waitMs = isTrusted ? 0 : this.#pauseMs();
    if (waitMs <= this.#limits.waitMs && this.#waiting.size < MOST_WAITING) return undefined;
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    const text = `this page may take ${this.#limits.share * 100} % of the time, and has; ask again in ${seconds} s`;
    return sentence(503, text, { 'Retry-After': String(seconds) });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Those that come to wait meanwhile are met, too.
    for (const [question, turn] of this.#waiting) {
      if (!turn.askers.some(({ isTrusted }) => isTrusted)) await this.#untilDue();
      this.#waiting.delete(question);
      if (turn.askers.some((asker) => asker.isThere())) await this.#take(turn);
      else turn.resolve(NOBODY);
    }
    this.#isRunning = false;
  }

  async #take(turn: Turn): Promise<void> {
    this.#underWay = turn;
    const startedAtMs = performance.now();
    turn.resolve(turn.make());
    // What it throws is told to those who asked.
    await turn.answer.catch(() => {});
    this.#refill();
    this.#leftMs -= performance.now() - startedAtMs;
    this.#underWay = undefined;
    // A peer that gave up while we were busy is heard of in the next round.
    await nextRound();
  }

  async #untilDue(): Promise<void> {
    for (let pauseMs = this.#pauseMs(); pauseMs > 0; pauseMs = this.#pauseMs()) {
      await delay(Math.ceil(pauseMs), undefined, { ref: false });
    }
  }

  /** Until time may be taken again. */
  #pauseMs(): number {
    this.#refill();
    return Math.max(0, -this.#leftMs / this.#limits.share);
  }

  #refill(): void {
    const { share, burstMs } = this.#limits;
    const nowMs = performance.now();
    this.#leftMs = Math.min(burstMs, this.#leftMs + (nowMs - this.#atMs) * share);
    this.#atMs = nowMs;
  }
}

function newTurn(question: string, make: Turn['make']): Turn {
  let resolve: Turn['resolve'] = () => {};
  const answer = new Promise<Answer>((settle) => {
    resolve = settle;
  });
  return { question, askers: [], answer, make, resolve };
}

/** Nobody is there to read it. */
const NOBODY = sentence(503, 'nobody waited for it');
