import type { SchemeName } from '../../core/protocols/schemes.ts';
import type { RuntimeResult, RuntimesResult } from '../../core/schemas/runtimes.ts';
import { medianKnown } from '../../core/stats/slope.ts';
import { count, counted, orUnknown, percent, plain, say } from '../words/phrase.ts';
import type { Table } from '../words/table.ts';
import { schemeOf, schemesIn } from './order.ts';

/** Cells that differ by no more than this from one comparison to the next agree. */
const AGREE_PERCENT = 5;

/** One number of one target, and how far it scatters: its 95 % interval, the range over launches, or what agrees. */
interface Known {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** What two comparisons say of one quantity, over all targets that both measured. */
export interface RunsAgreement {
  readonly scheme: SchemeName;
  readonly what: string;
  /** By how much each target's second number is off its first one. */
  readonly offPercent: ReadonlyArray<{ readonly target: string; readonly percent: number }>;
  /** Pairs whose order is another in the second, although each comparison for itself tells them apart. */
  readonly swapped: ReadonlyArray<readonly [string, string]>;
  /** Pairs whose order is another, which at least one of the two can't tell apart. */
  readonly undecided: number;
}

/** Whether two comparisons of the same machine say the same, quantity by quantity. Not known in one of them: left out. */
export function agreementOf(first: RuntimesResult, second: RuntimesResult): RunsAgreement[] {
  return schemesIn(first).flatMap((scheme) => {
    const ofSecond = quantitiesOf(second, scheme);
    return [...quantitiesOf(first, scheme)].flatMap(([what, before]): RunsAgreement[] => {
      const after = ofSecond.get(what);
      const targets = [...before.keys()].filter((target) => after?.has(target));
      if (!after || targets.length === 0) return [];
      const offPercent = targets.flatMap((target) => {
        const percent = offOf(before.get(target)!.value, after.get(target)!.value);
        return percent === null ? [] : [{ target, percent }];
      });
      if (offPercent.length === 0) return [];
      return [{ scheme, what, offPercent, ...orderOf(targets, before, after) }];
    });
  });
}

/** null: of nothing there is no share. */
const offOf = (before: number, after: number): number | null =>
  before === after ? 0 : before === 0 ? null : (after / before - 1) * 100;

function orderOf(
  targets: readonly string[],
  before: ReadonlyMap<string, Known>,
  after: ReadonlyMap<string, Known>,
): Pick<RunsAgreement, 'swapped' | 'undecided'> {
  const pairs = targets.flatMap((a, i) => targets.slice(i + 1).map((b) => [a, b] as const));
  const turned = pairs.filter(([a, b]) => {
    const way = (known: ReadonlyMap<string, Known>): number => Math.sign(known.get(a)!.value - known.get(b)!.value);
    return way(before) !== way(after);
  });
  const swapped = turned.filter(([a, b]) => [before, after].every((known) => areApart(known.get(a)!, known.get(b)!)));
  return { swapped, undecided: turned.length - swapped.length };
}

const areApart = (a: Known, b: Known): boolean => a.high < b.low || b.high < a.low;

type Bound = number | null | undefined;
type Add = (what: string, target: string, value: Bound, low?: Bound, high?: Bound) => void;

/** Quantity → target → number. */
function quantitiesOf({ results }: RuntimesResult, scheme: SchemeName): Map<string, Map<string, Known>> {
  const all = new Map<string, Map<string, Known>>();
  const add: Add = (what, target, value, low, high) => {
    if (value == null) return;
    if (!all.has(what)) all.set(what, new Map());
    // A number that comes without its scatter: less than what counts as agreeing makes no order of it.
    const reach = (value * AGREE_PERCENT) / 100;
    all.get(what)!.set(target, { value, low: low ?? value - reach, high: high ?? value + reach });
  };
  for (const result of results.filter((one) => schemeOf(one) === scheme)) {
    const { target, memory, many } = result;
    for (const [what, part] of Object.entries(PARTS)) {
      const estimate = memory?.[part];
      add(what, target, estimate?.bytes, estimate?.low, estimate?.high);
    }
    add('baseline', target, memory?.baselineBytes);
    add('with the most open', target, many?.totalBytes);
    addTimes(result, add);
  }
  return all;
}

const PARTS = { 'one more connection': 'total', 'in user space': 'user', 'in the kernel': 'kernel' } as const;

function addTimes({ target, times, work, overload }: RuntimeResult, add: Add): void {
  for (const [kind, all] of Object.entries({
    answers: times,
    'computed answers': work,
    'answers beyond one core': overload,
  })) {
    for (const { open, p50Ms, p99Ms, p99sMs } of all) {
      const known = p99sMs.filter((ms) => ms !== null);
      add(`p50 of ${kind}, ${open} open`, target, p50Ms);
      add(`p99 of ${kind}, ${open} open`, target, p99Ms, Math.min(...known), Math.max(...known));
    }
  }
}

/** For people: how many cells agree, the one that is off most, and what became of the order. */
export const agreementTable = (all: readonly RunsAgreement[]): Table => ({
  caption: say`How far two comparisons agree: cells within ${percent(AGREE_PERCENT)}, and the order of the targets`,
  columns: [
    { title: '' },
    { title: 'quantity', words: true },
    { title: 'within' },
    { title: 'off, in the middle' },
    { title: 'off most' },
    { title: 'order', words: true },
  ],
  rows: all.map(({ scheme, what, offPercent, swapped, undecided }) => {
    const off = offPercent.map(({ percent }) => Math.abs(percent));
    const worst = offPercent[off.indexOf(Math.max(...off))]!;
    return {
      head: scheme,
      cells: [
        what,
        say`${count(off.filter((one) => one <= AGREE_PERCENT).length)} of ${count(off.length)}`,
        orUnknown(medianKnown(off), (value) => percent(value, 1)),
        say`${percent(worst.percent, 1)} (${worst.target})`,
        wordOf(swapped, undecided),
      ],
    };
  }),
});

function wordOf(swapped: RunsAgreement['swapped'], undecided: number): string {
  const words = [
    ...(swapped.length > 0 ? [`another: ${swapped.map((pair) => pair.join(' and ')).join('; ')}`] : []),
    ...(undecided > 0 ? [plain(say`${counted(undecided, 'pair')} not told apart`)] : []),
  ];
  return words.length > 0 ? words.join('; ') : 'the same';
}
