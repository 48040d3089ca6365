import { DESCRIPTORS } from '../core/protocols/protocols.ts';
import type { RunEvent, RunFile, Sample } from '../core/schemas/record.ts';
import type { Summary } from '../core/schemas/summary.ts';
import { readLegName } from '../core/values/plan.ts';
import { humanBytes } from '../core/values/units.ts';
import { SeriesFold, type Tick, timePointOf } from '../report/fold/series.ts';
import { summarize } from '../report/fold/summarize.ts';
import { plainRows } from '../report/words/verdict-rows.ts';
import type { Source } from './broadcast.ts';
import { KeptSamples } from './kept-samples.ts';
import type { Change, Notices, PointProgress, RunHead, RunState, RunView, Verdict } from './view.ts';
import { Changes } from './view-changes.ts';
import { WorkerRates } from './worker-rates.ts';

/** What a page lists; the record has them all. */
const MOST_NOTICES = 50;
const MOST_LETTERS = 1000;
/** What connections agreed on about TLS, over all legs; a target has a few. */
const MOST_AGREEMENTS = 100;
/** The verdict is made anew after each level (20 ms for two legs of eight), but takes at most this share of the time … */
const VERDICT_SHARE = 0.01;
/** … beyond a credit to begin with: a usual run has it at once. */
const VERDICT_CREDIT_MS = 500;

type Part = Exclude<keyof RunView, 'kind' | 'time'>;

/**
 * Folds a run's record, as it comes, into what the page shows. It is told what is recorded (client/observer.ts) or reads
 * it (follow.ts). Cheap while nobody looks: the verdict, which takes some milliseconds, is made when it is asked for.
 */
export class RunFeed implements Source {
  readonly #series = new SeriesFold();
  readonly #kept = new KeptSamples();
  readonly #changes = new Changes<Part>();
  #run: RunFile | undefined;
  #ticks: { readonly now: Tick; readonly before: Tick | undefined } | undefined;
  readonly #workers = new WorkerRates();
  readonly #agreed: RunEvent[] = [];
  #warnings: string[] = [];
  #troubles: string[] = [];
  #error: Notices['error'] = null;
  #moreNotices = 0;
  #points = 0;
  #leftMs: number | null = null;
  #standing: RunView['standing'] = 'running';
  #verdict: Verdict | null = null;
  #isVerdictOld = false;
  #creditMs = VERDICT_CREDIT_MS;
  #creditAtMs = performance.now();

  runFile(file: RunFile): void {
    this.#run = file;
    this.#changes.add('head', 'progress');
  }

  event(event: RunEvent): void {
    if (event.type === 'phase') {
      this.#series.phase(event);
      this.#changes.add('phases');
      return;
    }
    if (event.type === 'agreed') {
      if (this.#agreed.length < MOST_AGREEMENTS) this.#agreed.push(event);
      this.#isVerdictOld = true;
      return;
    }
    if (event.type === 'error') this.#error ??= { code: event.code, message: event.message, hint: event.hint };
    else if (event.type === 'trouble')
      this.#note(this.#troubles, `${this.#nameLeg(event.leg)}: ${event.what}: ${event.detail}`);
    else if (event.type === 'target-output') this.#note(this.#troubles, `the target said last: ${event.text}`);
    else if (event.type === 'warning') this.#note(this.#warnings, event.text);
    else return;
    this.#changes.add('notices');
  }

  sample(sample: Sample): void {
    this.#kept.add(sample);
    if (sample.type === 'tick') {
      this.#tick(sample);
      return;
    }
    if (sample.type === 'memory') {
      this.#points += 1;
      this.#series.memory(sample, this.#nameLeg(sample.leg));
      this.#changes.add('legs', 'progress');
    }
    this.#isVerdictOld = true;
  }

  /** Roughly how long the run will still take. */
  left(leftMs: number): void {
    this.#leftMs = Math.round(leftMs);
    this.#changes.add('progress');
  }

  /** The run is over; this is what summary.json says. */
  finish(summary: Summary): void {
    this.#verdict = { summary, rows: plainRows(summary), isFinal: true };
    this.#standing = 'ended';
    this.#leftMs = null;
    this.#changes.add('verdict', 'standing', 'progress', 'notices');
  }

  /** Nothing was recorded for a while, or something is again. */
  silent(isSilent: boolean): void {
    const standing = isSilent ? 'silent' : 'running';
    if (this.#standing === 'ended' || this.#standing === standing) return;
    this.#standing = standing;
    this.#changes.add('standing');
  }

  view(): RunView {
    this.#judge();
    return { kind: 'run', ...(this.#partsOf(PARTS) as Omit<RunView, 'kind' | 'time'>), time: this.#series.time };
  }

  changes(): Change | undefined {
    this.#judge();
    const { parts, isTimeNew, appended } = this.#changes.take();
    if (parts.size === 0 && !isTimeNew && appended.length === 0) return undefined;
    return {
      set: { ...this.#partsOf([...parts]), ...(isTimeNew ? { time: this.#series.time } : {}) },
      ...(appended.length > 0 ? { append: appended } : {}),
    };
  }

  #tick(tick: Tick): void {
    this.#ticks = { now: tick, before: this.#ticks?.now };
    this.#workers.tick(tick);
    this.#changes.add('now');
    const happened = this.#series.tick(tick);
    if (happened !== 'left out') this.#changes.time(timePointOf(tick), happened === 'thinned');
  }

  #nameLeg(index: number): string {
    return readLegName(this.#run?.plan ?? { legs: [] }, index);
  }

  #note(list: string[], text: string): void {
    if (list.length < MOST_NOTICES) list.push(shortened(text));
    else this.#moreNotices += 1;
  }

  /** Makes the verdict anew where there is more to judge by, and time for it. */
  #judge(): void {
    if (!this.#isVerdictOld || !this.#run || this.#standing === 'ended') return;
    const startMs = performance.now();
    this.#creditMs = Math.min(VERDICT_CREDIT_MS, this.#creditMs + (startMs - this.#creditAtMs) * VERDICT_SHARE);
    this.#creditAtMs = startMs;
    if (this.#creditMs <= 0) return;
    this.#isVerdictOld = false;
    const record = {
      run: this.#run,
      samples: this.#kept.with(this.#series.ticks, this.#ticks?.now),
      events: this.#agreed,
      problems: [],
    };
    const summary = summarize(record);
    this.#verdict = { summary, rows: plainRows(summary), isFinal: false };
    this.#creditMs -= performance.now() - startMs;
    this.#changes.add('verdict');
  }

  #partsOf(parts: readonly Part[]): Partial<RunView> {
    const all: { readonly [P in Part]: () => RunView[P] } = {
      head: () => (this.#run ? headOf(this.#run) : null),
      now: () => this.#now(),
      phases: () => this.#series.phases,
      legs: () => this.#series.legs,
      verdict: () => this.#verdict,
      notices: () => this.#notices(),
      progress: () => this.#progress(),
      standing: () => this.#standing,
    };
    return Object.fromEntries(parts.map((part) => [part, all[part]()]));
  }

  #now(): RunState | null {
    if (!this.#ticks) return null;
    const { now, before } = this.#ticks;
    return { ...nowOf(now, before, this.#nameLeg(now.leg)), workers: this.#workers.now };
  }

  /** What the summary adds of its own is only told at the end: until then half of it is about what isn't done yet. */
  #notices(): Notices {
    const { isFinal = false, summary } = this.#verdict ?? {};
    return {
      warnings: isFinal && summary ? summary.warnings.slice(0, MOST_NOTICES).map(shortened) : [...this.#warnings],
      troubles: [...this.#troubles],
      error: (isFinal && summary?.error) || this.#error,
      more: this.#moreNotices,
    };
  }

  #progress(): PointProgress {
    const { legs = [], launches = 1 } = this.#run?.plan ?? {};
    // A baseline, each level once, the top again in each further cycle, and what each cycle leaves behind.
    const ofLeg = legs.map(({ levels, cycles }) => 1 + levels.length + (cycles - 1) + cycles);
    const all = launches * ofLeg.reduce((sum, points) => sum + points, 0);
    return { done: Math.min(all, this.#points), all, leftMs: this.#leftMs };
  }
}

const shortened = (text: string): string => (text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS)} …` : text);

const PARTS: readonly Part[] = ['head', 'now', 'phases', 'legs', 'verdict', 'notices', 'progress', 'standing'];

function nowOf(tick: Tick, before: Tick | undefined, name: string): Omit<RunState, 'workers'> {
  const { elapsedMs, launch, leg, protocol, phase, level, counts, outcomes, targetBytes, generatorRssBytes } = tick;
  const isSameLeg = before !== undefined && before.leg === leg && before.launch === launch;
  const seconds = isSameLeg ? (elapsedMs - before.elapsedMs) / 1000 : 0;
  return {
    elapsedMs: Math.round(elapsedMs),
    launch,
    leg,
    name,
    protocol,
    phase,
    level,
    counts,
    outcomes: Object.fromEntries(Object.entries(outcomes).filter(([, count]) => count > 0)),
    openedPerSecond: isSameLeg && seconds > 0 ? Math.max(0, (outcomes.open - before.outcomes.open) / seconds) : 0,
    received: isSameLeg && seconds > 0 ? receivedIn(tick, before, seconds) : null,
    targetBytes,
    generatorRssBytes,
    doing: doingIn(tick),
  };
}

const doingIn = ({ vanished, storm, slow, churn, broadcast }: Tick): RunState['doing'] => ({
  ...(vanished && { vanished }),
  ...(storm && { storm }),
  ...(slow && { slow }),
  ...(churn && { churn }),
  ...(broadcast && { broadcast }),
});

function receivedIn({ protocol, received: now }: Tick, { received }: Tick, seconds: number): RunState['received'] {
  if (!now || !received || (now.messages === 0 && now.payloadBytes === 0)) return null;
  const isStream = now.messages === 0 && DESCRIPTORS[protocol].isStream;
  return {
    messagesPerSecond: isStream ? null : (now.messages - received.messages) / seconds,
    bytesPerSecond: (now.payloadBytes - received.payloadBytes) / seconds,
  };
}

function headOf({ name, startedAt, target, environment, generator, plan }: RunFile): RunHead {
  const { kernel, arch, cores, cpuModel, memoryLimitBytes, connrigVersion, nodeVersion } = environment;
  const urls = target.urls.length > 0 ? ` (${target.urls.join(', ')})` : '';
  return {
    name,
    startedAt,
    target: `${target.name}${urls}`,
    facts: [
      `${kernel} ${arch}, ${cores} × ${cpuModel}, ${humanBytes(memoryLimitBytes)} of memory`,
      `connrig ${connrigVersion}, Node.js ${nodeVersion}, engine ${generator.engine}`,
      `plan: ${plan.legs.map(({ name: leg, levels }) => `${leg} up to ${levels.at(-1) ?? 0} in ${levels.length} levels`).join(', then ')}${plan.launches > 1 ? `, ${plan.launches} launches` : ''}`,
    ],
  };
}
