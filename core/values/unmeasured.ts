import { userBytesOf } from '../ledger/ledger.ts';
import type { Leg } from '../schemas/leg.ts';
import type { MemoryPoint, RunFile } from '../schemas/record.ts';
import { LEAST_LEVELS } from '../stats/slope.ts';
import type { ErrorCode } from './errors.ts';
import { humanCount } from './units.ts';

/** Why a leg that went all the way has no result, as an error. */
export interface Unmeasured {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** One leg in one launch that nothing ended early. */
export interface WalkedLeg {
  readonly leg: Pick<Leg, 'name' | 'levels'>;
  readonly launch: number;
  readonly launches: number;
  readonly kind: RunFile['target']['kind'];
  /** Holds of the first climb that count: those from before the first to after the last reading of which nobody came or went. */
  readonly holds: ReadonlyArray<Pick<MemoryPoint, 'readings'>>;
  /** Connections that were not closed by us. */
  readonly lost: number;
}

/**
 * Whether such a leg has measured what it was to measure: as many levels as a cost takes, or all where fewer were planned.
 * At each of them it needs the target's memory, unless nobody was asked for that. What the levels come to is another
 * matter.
 *
 * @returns undefined when it has
 */
export function unmeasuredOf({ leg, launch, launches, kind, holds, lost }: WalkedLeg): Unmeasured | undefined {
  const planned = leg.levels.length;
  const needed = Math.min(LEAST_LEVELS, planned);
  const where = launches > 1 ? `${leg.name}, launch ${launch + 1} of ${launches}` : leg.name;
  if (holds.length < needed) {
    const how = holds.length === 0 ? 'no level' : `only ${holds.length} of ${planned} levels`;
    const losses = lost === 0 ? '' : `, and the target closed ${humanCount(lost)}`;
    return {
      code: 'EUNSTABLE',
      message: `${where}: ${how} held still: connections came and went${losses}`,
      hint: 'read the log of the target, which closes connections by itself; --behaviour heartbeat:2s where it closes those that rest',
    };
  }
  const told = holds.filter(({ readings }) => userBytesOf(readings) !== null);
  // With a URL alone nobody can tell: latencies are what is measured then.
  if (kind === 'url' || told.length >= needed) return undefined;
  const missing = holds.flatMap(({ readings }) => readings.missing);
  const meter = kind === 'exporter' ? 'exporter' : 'target';
  const why = missing.find((one) => one.meter === meter)?.why ?? 'no reason is recorded';
  const when = `at ${holds.length - told.length} of ${holds.length} levels`;
  return kind === 'exporter'
    ? {
        code: 'EEXPORTER',
        message: `${where}: the exporter did not tell the target's memory ${when}: ${why}`,
        hint: 'curl the exporter while the target is busy; --exporter with another metric, or connrig meter beside the target',
      }
    : {
        code: 'EMETER',
        message: `${where}: the target's memory could not be read ${when}: ${why}`,
        hint: 'connrig doctor, for what can be read here; sudo, or the user of the target; no --pid, for latencies alone',
      };
}
