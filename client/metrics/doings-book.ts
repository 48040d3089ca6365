import type { Doings } from '../../core/schemas/leg-summary.ts';
import type { RunFile, Sample } from '../../core/schemas/record.ts';

/** What came of episodes and the like by these samples of one leg: the report's own fold, which lies in another room. */
export type DoingsFold = (run: RunFile, own: readonly Sample[], leg: number) => Doings;

/** The target's user memory around an episode, in bytes; null where it isn't known. */
export interface EpisodeMemory {
  readonly before: number | null;
  readonly peak: number | null;
  /** null as well while connections still read slowly, or are published to. */
  readonly after: number | null;
}

export interface DoingsTold {
  readonly came: Doings;
  readonly memory: EpisodeMemory | undefined;
}

const KINDS: ReadonlySet<Sample['type']> = new Set(['storm', 'slow', 'vanish', 'broadcast', 'churn', 'drift']);

interface Page {
  readonly launch: number;
  readonly samples: Sample[];
  told: DoingsTold | undefined;
}

/** Keeps what was recorded of episodes, and of levels that go on: of each leg the last launch. */
export class DoingsBook {
  readonly #fold: DoingsFold;
  readonly #pages = new Map<number, Page>();

  constructor(fold: DoingsFold) {
    this.#fold = fold;
  }

  add(sample: Sample): void {
    if (!KINDS.has(sample.type)) return;
    const { leg, launch } = sample;
    const before = this.#pages.get(leg);
    const samples = before?.launch === launch ? before.samples : [];
    samples.push(sample);
    this.#pages.set(leg, { launch, samples, told: undefined });
  }

  /** Folded when it is asked for, once. */
  of(run: RunFile, leg: number): DoingsTold | undefined {
    const page = this.#pages.get(leg);
    if (!page) return undefined;
    page.told ??= { came: this.#fold(run, page.samples, leg), memory: lastMemory(page.samples) };
    return page.told;
  }
}

function lastMemory(samples: readonly Sample[]): EpisodeMemory | undefined {
  for (const sample of samples.toReversed()) {
    const memory = memoryOf(sample);
    if (memory) return memory;
  }
  return undefined;
}

function memoryOf(sample: Sample): EpisodeMemory | undefined {
  switch (sample.type) {
    case 'storm':
      return { before: sample.beforeBytes, peak: sample.peakBytes, after: sample.afterBytes };
    case 'vanish': {
      const { before, most, after } = sample;
      return { before: before.userBytes, peak: most.userBytes, after: after?.userBytes ?? null };
    }
    case 'slow': {
      const seen = [...sample.moments.map(({ userBytes }) => userBytes), sample.userBytes];
      const known = seen.filter((bytes) => bytes !== null);
      return { before: sample.userBytesAtRest, peak: known.length === 0 ? null : Math.max(...known), after: null };
    }
    case 'broadcast':
      return sample.memory
        ? { before: sample.memory.restBytes, peak: sample.memory.peakBytes, after: null }
        : undefined;
    default:
      return undefined;
  }
}
