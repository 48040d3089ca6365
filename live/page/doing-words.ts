import type { DoingNow } from '../../core/schemas/doing-now.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import type { RunState } from '../view.ts';

type Of<K extends keyof DoingNow> = NonNullable<DoingNow[K]>;

/** What is told of each thing that befalls connections, beside the numbers that every run has. */
const FIGURES: { readonly [K in keyof Required<DoingNow>]: ReadonlyArray<readonly [string, (now: Of<K>) => string]> } =
  {
    storm: [
      ['away', (now) => humanCount(awayIn(now))],
      ['back again', ({ back }) => humanCount(back)],
      ['retries', ({ retries }) => humanCount(retries)],
    ],
    slow: [
      ['reading slowly', ({ slow }) => humanCount(slow)],
      ['queued at the target', ({ queuedBytes }) => (queuedBytes ? humanBytes(queuedBytes.target) : '–')],
      ['queued here', ({ queuedBytes }) => (queuedBytes ? humanBytes(queuedBytes.client) : '–')],
      ['ended by the target', ({ closed }) => humanCount(closed)],
    ],
    vanished: [
      ['vanished', ({ of }) => humanCount(of)],
      ['still held', ({ held }) => (held === null ? '–' : humanCount(held))],
    ],
    churn: [
      ['replaced', ({ replaced }) => humanCount(replaced)],
      ['behind', (now) => humanCount(behindIn(now))],
    ],
    broadcast: [
      ['deliveries', ({ reached, late }) => humanCount(reached + late)],
      ['awaited', (now) => humanCount(awaitedIn(now))],
    ],
  };
const KINDS = Object.keys(FIGURES) as Array<keyof DoingNow>;

/** Names of the figures of all kinds, in the order of {@link doingFigures}. */
export const DOING_NAMES: readonly string[] = KINDS.flatMap((kind) => FIGURES[kind].map(([name]) => name));

/** undefined: there is none of it now. */
export const doingFigures = (doing: DoingNow): Array<string | undefined> =>
  KINDS.flatMap((kind) => {
    const now = doing[kind];
    return FIGURES[kind].map(([, show]) => (now ? (show as (now: object) => string)(now) : undefined));
  });

/** What befalls connections now, in words; undefined: nothing does that could be told by more than its phase. */
export function doingText({ doing, level }: RunState): string | undefined {
  const { storm, slow, vanished, churn, broadcast } = doing;
  if (storm && storm.cut > 0) return stormText(storm, level);
  if (slow && slow.slow + slow.closed > 0) return slowText(slow, level);
  if (vanished && vanished.of > 0) return vanishText(vanished, level);
  if (churn && churn.due > 0) return churnText(churn, level);
  if (broadcast && broadcast.expected > 0) return broadcastText(broadcast, level);
  return undefined;
}

function stormText(storm: Of<'storm'>, level: number): string {
  const away = awayIn(storm);
  const back = away === 0 ? 'all of them are back' : `${humanCount(away)} of them are still away`;
  const retries = storm.retries === 0 ? '' : `, after ${humanCount(storm.retries)} retries`;
  return `${humanCount(storm.cut)} of ${humanCount(level)} connections were cut, and ${back}${retries}`;
}

function slowText({ slow, closed, queuedBytes }: Of<'slow'>, level: number): string {
  const waits = queuedBytes
    ? `, ${humanBytes(queuedBytes.target)} wait for them at the target and ${humanBytes(queuedBytes.client)} here`
    : '';
  const ended = closed === 0 ? '' : `; the target has ended ${humanCount(closed)}`;
  return `${humanCount(slow)} of ${humanCount(level)} connections read slowly${waits}${ended}`;
}

function vanishText({ of, held }: Of<'vanished'>, level: number): string {
  const whose =
    held === null
      ? 'nobody tells how many of them the target still has'
      : `the target still has ${humanCount(held)} of them`;
  return `${humanCount(of)} of ${humanCount(level)} connections have vanished, and ${whose}`;
}

function churnText(churn: Of<'churn'>, level: number): string {
  const behind = behindIn(churn);
  const late = behind === 0 ? '' : `, and ${humanCount(behind)} more are due`;
  return `replacing connections while ${humanCount(level)} are open: ${humanCount(churn.replaced)} were so far${late}`;
}

function broadcastText(broadcast: Of<'broadcast'>, level: number): string {
  const { reached, late, expected } = broadcast;
  const came = `${humanCount(reached + late)} of ${humanCount(expected)} deliveries came so far`;
  return `publishing to ${humanCount(level)} connections: ${came}`;
}

const awayIn = ({ cut, back }: Of<'storm'>): number => Math.max(0, cut - back);
const behindIn = ({ due, replaced }: Of<'churn'>): number => Math.max(0, due - replaced);
const awaitedIn = ({ expected, reached, late }: Of<'broadcast'>): number => Math.max(0, expected - reached - late);
