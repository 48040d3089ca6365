import { type LegSummary, type SecuredLeg, STRAIGHT } from '../../core/schemas/leg-summary.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { CIRCUMSTANCES, type CircumstanceKey, measuredOn, NOT_KNOWN } from '../words/circumstances.ts';
import { plain } from '../words/phrase.ts';
import { agreementText } from '../words/tls-phrases.ts';

/** What of a run may speak against comparing it. */
export interface Doubtable {
  /** What it is called in sentences: a letter, or words. */
  readonly called: string;
  readonly run: RunFile;
  readonly status: Summary['status'];
  /** What of its record could not be read. */
  readonly problems: readonly string[];
  readonly legs: ReadonlyArray<{
    readonly name: string;
    readonly isCostKnown: boolean;
    /** Why it isn't, where levels scatter; null: there are too few. */
    readonly inconclusive?: LegSummary['inconclusive'];
    readonly rSquared: number | null;
    /** What came of TLS; null where it was plain, or nobody recorded it. */
    readonly tls: Pick<SecuredLeg, 'agreed' | 'resumedPercent'> | null;
  }>;
}

/** In what circumstances runs differ, a sentence for each, told once however many they are. */
export function differingIn(runs: readonly Doubtable[]): string[] {
  const all = runs.map(({ called, run }) => ({
    called,
    has: new Map(measuredOn(run).map(({ key, value }) => [key, plain(value)])),
  }));
  const keys = [...new Set<CircumstanceKey>(all.flatMap(({ has }) => [...has.keys()]))];
  return keys.flatMap((key) => {
    const { label, mayDiffer } = CIRCUMSTANCES[key];
    if (mayDiffer) return [];
    const namesOf = new Map<string, string[]>();
    for (const { called, has } of all) {
      const what = has.get(key) ?? NOT_SAID;
      namesOf.set(what, [...(namesOf.get(what) ?? []), called]);
    }
    if (namesOf.size < 2) return [];
    const texts = [...namesOf].map(([what, names]) => {
      if (what === NOT_SAID || what === NOT_KNOWN) return `${what} of ${enumerated(names)}`;
      return `${enumerated(names)} ${names.length > 1 ? 'have' : 'has'} ${what}`;
    });
    return [`${label}: ${texts.join('; ')}`];
  });
}

const NOT_SAID = 'not told';

/** `A`, `A and B`, `A, B and C`. */
export const enumerated = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

const ENDED = {
  failed: 'failed',
  interrupted: 'was interrupted',
  invalid: 'is not valid',
} as const satisfies Partial<Record<Summary['status'], string>>;

/** What makes one run doubtful by itself. */
export const doubtsAbout = ({ called, status, problems, legs }: Doubtable): string[] => [
  ...problems.map((problem) => `${called}: ${problem}`),
  ...(status in ENDED ? [`${called} ${ENDED[status as keyof typeof ENDED]}`] : []),
  ...legs.flatMap(({ name, isCostKnown, inconclusive, rSquared }) =>
    inconclusive
      ? [`${called}, ${name}: ${inconclusive.reasons.map(({ sentence }) => sentence).join('; ')}`]
      : !isCostKnown
        ? [`${called} doesn't know what one more ${name} connection costs: that takes three levels`]
        : rSquared !== null && rSquared < STRAIGHT
          ? [`${called}, ${name}: memory does not closely follow the number of connections (R² ${rSquared.toFixed(4)})`]
          : [],
  ),
];

/** Where both ends of legs of one name agreed on another version, suite or key, and where many more handshakes came back. */
export function agreementDoubts(runs: readonly Doubtable[]): string[] {
  const names = [...new Set(runs.flatMap(({ legs }) => legs.map(({ name }) => name)))];
  return names.flatMap((name) => {
    const known = runs.flatMap(({ called, legs }) => {
      const tls = legs.find((leg) => leg.name === name)?.tls;
      return tls && tls.agreed.length > 0 ? [{ called, ...tls }] : [];
    });
    const of = new Map<string, string[]>();
    for (const { called, agreed } of known) {
      const what = agreed.map(agreementText).sort().join(' or ');
      of.set(what, [...(of.get(what) ?? []), called]);
    }
    const others = [...of].map(([what, called]) => `${enumerated(called)} agreed on ${what}`);
    const shares = known.flatMap(({ called, resumedPercent: share }) => (share === null ? [] : [{ called, share }]));
    const range = Math.max(...shares.map(({ share }) => share)) - Math.min(...shares.map(({ share }) => share));
    const resumed = shares.map(({ called, share }) => `${called} resumed ${share.toFixed(0)} % of handshakes`);
    return [
      ...(of.size > 1 ? [`TLS of ${name}: ${others.join('; ')}`] : []),
      ...(range > LIKE_SHARES ? [`TLS of ${name}: ${resumed.join('; ')}`] : []),
    ];
  });
}

/** In points of percent. */
const LIKE_SHARES = 10;

/** Nothing where the scatter of launches was measured on all sides. */
export function scatterDoubts(runs: readonly Doubtable[]): string[] {
  const single = runs.filter(({ run }) => run.plan.launches < 2).map(({ called }) => called);
  if (single.length === 0) return [];
  const had = `${enumerated(single)} had one launch${single.length > 1 ? ' each' : ''}`;
  return [`${had}, so how far launches scatter is assumed, not measured: --launches 3 tells more`];
}
