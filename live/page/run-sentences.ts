import type { ChartTable } from '../../charts/chart.ts';
import { knownCost } from '../../core/values/known-cost.ts';
import { humanBytes, humanCount, humanInterval, humanMs } from '../../core/values/units.ts';
import type { RunView, Standing, Verdict, WorkerNow } from '../view.ts';
import { doingText } from './doing-words.ts';

/** Where the run is, in a sentence. */
export function phaseSentence({ now, standing }: RunView): string {
  if (standing === 'ended') return 'The run has ended.';
  if (standing === 'silent') return 'Nothing was recorded for a while: the client was killed, or stands still.';
  if (!now) return 'The run is about to begin.';
  const level = humanCount(now.level);
  const what: Readonly<Record<typeof now.phase, string>> = {
    'warm-up': 'opening and closing a first batch, so that one-time costs are paid',
    baseline: 'reading memory without connections',
    ramp: `opening up to ${level} connections`,
    talk: `timing messages over ${level} connections`,
    settle: `holding ${level} connections until memory comes to rest`,
    hold: `reading memory at ${level} connections`,
    slow: `holding ${level}, of which a share reads slowly`,
    storm: `cutting connections of ${level}, and waiting until they are back`,
    vanish: `having connections of ${level} vanish`,
    churn: `closing and replacing ${level} connections in turn`,
    soak: `holding ${level} connections for as long as was asked`,
    drain: 'closing all connections',
    retained: 'reading what closed connections left behind',
    burst: `opening ${level} connections in one go`,
  };
  return `${now.name}: ${doingText(now) ?? what[now.phase]}.`;
}

/** `1,000 messages, 152 KiB`; undefined where nothing has come in. */
export function receivedText(received: NonNullable<RunView['now']>['received']): string | undefined {
  if (received === null) return undefined;
  const { messagesPerSecond, bytesPerSecond } = received;
  const bytes = humanBytes(bytesPerSecond);
  return messagesPerSecond === null ? bytes : `${humanCount(messagesPerSecond)} messages, ${bytes}`;
}

/** What one more connection of a leg costs by its levels so far, with its interval; a dash where they don't show it. */
export function costText(verdict: Verdict | null, name: string): string {
  const leg = verdict?.summary.legs.find((one) => one.name === name);
  const cost = leg ? knownCost(leg) : null;
  return cost === null ? '–' : humanInterval(cost.bytes, cost.low, cost.high);
}

/** A row for each share of a fleet. */
export const workerTable = (workers: readonly WorkerNow[]): ChartTable => ({
  head: [
    ...['share', 'worker', 'host', 'lease', 'said so', 'open', 'opened per second', 'started late, p99', 'cores'],
    'memory',
  ],
  rows: workers.map((one) => [
    ...[humanCount(one.share + 1), one.worker, one.host, one.lease, `${humanMs(one.heardAgoMs)} ago`],
    ...[one.open, one.openedPerSecond].map(humanCount),
    one.latenessMs === null ? '–' : humanMs(one.latenessMs),
    ...[one.cores.toFixed(2), humanBytes(one.rssBytes)],
  ]),
});

export function standingSentence(verdict: Verdict | null, standing: Standing): string {
  if (!verdict) return 'There is none before the first level.';
  const { summary, isFinal } = verdict;
  if (isFinal)
    return `The run is over: ${summary.status} (exit code ${summary.exitCode}). This is what summary.json says.`;
  return standing === 'running' ? 'So far, from the levels measured until now.' : 'From what was measured.';
}

/** How attempts ended: of legs that are over as the verdict has them, of the one that goes on as of now. */
export function outcomeTable({ verdict, now }: RunView): ChartTable {
  const legs = (verdict?.summary.legs ?? []).map(({ name, outcomes, attempts }) => ({
    name,
    attempts,
    outcomes: outcomes as Readonly<Partial<Record<string, number>>>,
  }));
  if (now && !verdict?.isFinal) {
    const { name, outcomes, counts } = now;
    const current = { name, attempts: counts.attempts, outcomes };
    if (now.launch === 0) legs[now.leg] = current;
  }
  const names = [...new Set(['open', ...legs.flatMap(({ outcomes }) => Object.keys(outcomes))])].filter(
    (name) => name === 'open' || legs.some(({ outcomes }) => (outcomes[name] ?? 0) > 0),
  );
  return {
    head: ['attempts that ended', ...legs.map(({ name }) => name)],
    rows: [
      ...names.map((name) => [name, ...legs.map(({ outcomes }) => humanCount(outcomes[name] ?? 0))]),
      ['attempts in all', ...legs.map(({ attempts }) => humanCount(attempts))],
    ],
  };
}
