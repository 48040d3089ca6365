import type { ShareResidual } from '../../core/schemas/share-residual.ts';
import { quantileMs, since, toSparse } from '../../core/stats/histogram.ts';
import { CLOSE_REASONS, OUTCOMES } from '../../core/values/outcomes.ts';
import { monotonicClock } from '../local/shared.ts';
import { type Orders, RAMP_AFTER_MS } from './orders.ts';
import type { Reports } from './reports.ts';

/** Ramps that take less say nothing of the pace: that a share has arrived is heard a quarter of a second later. */
const LEAST_RAMP_MS = 2000;

type Figures = ReturnType<typeof figuresOf>;

/** What each share comes to, since the ramp to the level began. */
export class Residuals {
  readonly #reports: Reports;
  readonly #hostOf: (share: number) => string | undefined;
  readonly #now = monotonicClock();
  #orders: Pick<Orders, 'wanted' | 'perSecond'> = { wanted: [], perSecond: [] };
  #had: readonly number[] = [];
  #before: readonly Figures[] = [];
  #beganAtMs = 0;
  /** By share, when it first had all that it was to have. */
  #reachedAtMs = new Map<number, number>();

  constructor(reports: Reports, hostOf: (share: number) => string | undefined) {
    this.#reports = reports;
    this.#hostOf = hostOf;
  }

  /** @param had what each share was to have until now */
  begin(orders: Orders, had: readonly number[]): void {
    this.#had = had;
    this.#before = had.map((_, share) => figuresOf(this.#reports, share));
    this.#beganAtMs = this.#now() + RAMP_AFTER_MS;
    this.#reachedAtMs = new Map();
    this.changed(orders);
  }

  /** The same level, split in another way. */
  changed({ wanted, perSecond }: Pick<Orders, 'wanted' | 'perSecond'>): void {
    this.#orders = { wanted, perSecond };
  }

  /** Again and again, whenever reports were looked at. */
  look(): void {
    for (const [share, wanted] of this.#orders.wanted.entries()) {
      const newest = this.#reports.sum.newest(share);
      if (newest && newest.tally.open >= wanted && !this.#reachedAtMs.has(share))
        this.#reachedAtMs.set(share, this.#now() - this.#reports.heardAgoMs(share));
    }
  }

  read(): ShareResidual[] {
    return this.#before.map((before, share) => {
      const now = figuresOf(this.#reports, share);
      const wanted = Math.max(0, this.#orders.wanted[share]! - this.#had[share]!);
      const opened = toSparse(since(before.opened, now.opened));
      const late = toSparse(since(before.late, now.late));
      const tookMs = (this.#reachedAtMs.get(share) ?? Number.NaN) - this.#beganAtMs;
      const { open: _, ...failures } = grown(OUTCOMES, before.outcomes, now.outcomes);
      return {
        share,
        host: this.#hostOf(share) ?? '',
        wanted,
        attempts: Math.max(0, now.attempts - before.attempts),
        wantedPerSecond: this.#orders.perSecond[share]!,
        perSecond: tookMs >= LEAST_RAMP_MS ? (wanted * 1000) / tookMs : null,
        openP50Ms: quantileMs(opened, 0.5) ?? null,
        openP99Ms: quantileMs(opened, 0.99) ?? null,
        latenessP99Ms: quantileMs(late, 0.99) ?? null,
        failures,
        closes: grown(CLOSE_REASONS, before.closeReasons, now.closeReasons),
      };
    });
  }
}

const figuresOf = ({ sum }: Reports, share: number) => ({
  ...sum.countsOf(share),
  opened: sum.histogram('openPlanned', share),
  late: sum.histogram('ownLag', share),
});

/** What has grown since, by how much. */
function grown<Name extends string>(
  names: readonly Name[],
  before: Readonly<Record<Name, number>>,
  now: Readonly<Record<Name, number>>,
): Partial<Record<Name, number>> {
  const pairs = names.map((name) => [name, now[name] - before[name]] as const);
  return Object.fromEntries(pairs.filter(([, count]) => count > 0)) as Partial<Record<Name, number>>;
}
