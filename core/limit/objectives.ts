import type { LegSummary } from '../schemas/leg-summary.ts';
import { isCutShort, OPERATORS, splitCondition } from '../values/thresholds.ts';
import { doubtAbout, humanBytes, humanMs, parseQuantity, QUANTITIES } from '../values/units.ts';

/** `rtt.p99 < 50ms`: what must hold, with so many connections, opens or messages. */
export interface Objective {
  readonly expression: string;
  readonly name: ObjectiveName;
  readonly operator: keyof typeof OPERATORS;
  /** In ms, percent or bytes. */
  readonly limit: number;
}

/** What has to be there, so that it can be measured. */
type Needs = 'round trips' | 'answers' | 'memory';

interface ObjectiveDescriptor {
  readonly kind: 'duration' | 'percent' | 'bytes';
  /** In a few words, for docs/find-limit.md. */
  readonly help: string;
  readonly needs?: Needs;
  /** As a leg with one level has it; null where that isn't known. */
  readonly measure: (leg: LegSummary) => number | null;
}

const share = (part: number, whole: number): number | null => (whole === 0 ? null : (part / whole) * 100);

/** All there are. Each is better when it is less. */
export const OBJECTIVES = {
  'rtt.p50': {
    kind: 'duration',
    help: 'round trip of the median message or request',
    needs: 'round trips',
    measure: (leg) => rttAt(leg, 'p50Ms'),
  },
  'rtt.p99': {
    kind: 'duration',
    help: 'the same of 99 in 100',
    needs: 'round trips',
    measure: (leg) => rttAt(leg, 'p99Ms'),
  },
  'rtt.p999': {
    kind: 'duration',
    help: 'the same of 999 in 1,000',
    needs: 'round trips',
    measure: (leg) => rttAt(leg, 'p999Ms'),
  },
  unanswered: {
    kind: 'percent',
    help: 'messages or requests that got no answer',
    needs: 'round trips',
    measure: ({ rtt }) => rtt?.lostPercent ?? null,
  },
  errors: {
    kind: 'percent',
    help: 'answers of http that say an error, 4xx or 5xx',
    needs: 'answers',
    measure: errorsIn,
  },
  'open.p50': { kind: 'duration', help: 'time to open of the median', measure: ({ open }) => open.p50Ms },
  'open.p99': { kind: 'duration', help: 'the same of 99 in 100', measure: ({ open }) => open.p99Ms },
  'open.max': { kind: 'duration', help: 'the same of the slowest', measure: ({ open }) => open.maxMs },
  failed: { kind: 'percent', help: 'attempts to open that failed', measure: failedIn },
  lost: {
    kind: 'percent',
    help: 'open connections that were lost',
    measure: ({ losses, outcomes }) => share(losses?.count ?? 0, outcomes.open),
  },
  memory: {
    kind: 'bytes',
    help: 'all that the target takes, in user space and in the kernel',
    needs: 'memory',
    measure: memoryOf,
  },
  bytesPerConnection: {
    kind: 'bytes',
    help: 'what it takes beyond what it took without connections, for each',
    needs: 'memory',
    measure: bytesPerConnectionOf,
  },
} as const satisfies Record<string, ObjectiveDescriptor>;
export type ObjectiveName = keyof typeof OBJECTIVES;

export const needsOf = ({ name }: Objective): Needs | undefined => describe(name).needs;
export const kindOfObjective = (name: ObjectiveName): ObjectiveDescriptor['kind'] => OBJECTIVES[name].kind;

/**
 * Reads an objective: what it is of, `<` or `<=`, and a quantity with the unit of that.
 *
 * @returns the objective, or a sentence that says what is wrong and what there is
 */
export function readObjective(expression: string): Objective | string {
  const condition = splitCondition(expression);
  if (!condition) return `"${expression}" is not an objective such as rtt.p99 < 50ms`;
  const { name, operator, quantity } = condition;
  if (!isObjective(name)) {
    return `"${name}" is nothing that can be held; there are ${Object.keys(OBJECTIVES).join(', ')}`;
  }
  if (operator.startsWith('>')) {
    return `"${expression}" says what must not be; an objective says what must hold, such as ${name} < ${quantity}`;
  }
  const { kind } = OBJECTIVES[name];
  const limit = parseQuantity(kind, quantity);
  if (limit === undefined)
    return `"${quantity}" is not what ${name} is measured in; ${QUANTITIES[kind].example} would be`;
  const doubt = doubtAbout(kind, quantity);
  if (doubt) return `"${quantity}" may mean ${doubt.join(' or ')}: write which`;
  return { expression: `${name} ${operator} ${quantity}`, name, operator, limit };
}

/** What became of an objective: a value that isn't known has not held. */
interface Held {
  readonly value: number | null;
  readonly holds: boolean;
}

/**
 * Holds an objective against a leg of one level. A quantile of round trips that lies among messages without an answer is known by its
 * lower end alone, so it has not held.
 */
export function checkObjective({ name, operator, limit }: Objective, leg: LegSummary | undefined): Held {
  const value = leg ? OBJECTIVES[name].measure(leg) : null;
  const quantile = /^rtt\.(p\d+)$/.exec(name)?.[1];
  const isKnown = value !== null && !(quantile !== undefined && isCutShort(leg, ['rtt', `${quantile}Ms`]));
  return { value, holds: isKnown && OPERATORS[operator](value, limit) };
}

/** A value in the unit of its objective, for people. */
export function humanValue(name: ObjectiveName, value: number | null): string {
  if (value === null) return 'not known';
  const { kind } = OBJECTIVES[name];
  if (kind === 'bytes') return humanBytes(value);
  return kind === 'duration' ? humanMs(value) : `${Number(value.toPrecision(2))} %`;
}

const describe = (name: ObjectiveName): ObjectiveDescriptor => OBJECTIVES[name];
const isObjective = (name: string): name is ObjectiveName => Object.hasOwn(OBJECTIVES, name);

function rttAt({ rtt }: LegSummary, quantile: 'p50Ms' | 'p99Ms' | 'p999Ms'): number | null {
  return rtt?.[quantile] ?? null;
}

function errorsIn({ rtt }: LegSummary): number | null {
  if (!rtt?.statuses) return null;
  const all = Object.values(rtt.statuses).reduce((sum, answers) => sum + answers, 0);
  return share(rtt.statuses['4xx'] + rtt.statuses['5xx'], all);
}

/** Among attempts that came to an end: those that we cut off ourselves say nothing. */
function failedIn({ outcomes }: LegSummary): number | null {
  const ended = Object.values(outcomes).reduce((sum, some) => sum + some, 0) - outcomes.cancelled;
  return share(ended - outcomes.open, ended);
}

function memoryOf({ levels, peakUserBytes }: LegSummary): number | null {
  const bytes = levels.at(-1)?.bytes;
  return bytes?.total ?? bytes?.user ?? peakUserBytes;
}

function bytesPerConnectionOf({ levels, baselineBytes }: LegSummary): number | null {
  const top = levels.at(-1);
  const bytes = top?.bytes.total ?? top?.bytes.user ?? null;
  return !top || bytes === null || baselineBytes === null ? null : (bytes - baselineBytes) / top.open;
}
