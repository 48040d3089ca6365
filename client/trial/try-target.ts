import { randomInt } from 'node:crypto';
import type { TryConfig } from '../../config/try-config.ts';
import type { StepPlan } from '../../core/opening/plan.ts';
import { RigError } from '../../core/values/errors.ts';
import type { Outcome } from '../../core/values/outcomes.ts';
import { humanMs } from '../../core/values/units.ts';
import type { FleetOptions } from '../../fleet/fleet.ts';
import { Rows } from '../../fleet/opening/rows.ts';
import { Dialogue } from '../../fleet/trial/dialogue.ts';
import type { Said } from '../../fleet/trial/said.ts';
import { type TrialEnd, tryConnection } from '../../fleet/trial/trial.ts';
import type { TrialEvent } from '../../fleet/trial/trial-event.ts';
import { secretsOf } from '../conductor/discreet-recorder.ts';
import { legFleetOptions } from '../conductor/leg-fleet.ts';
import type { LegSetup } from '../leg-setup.ts';
import { settingSecrets } from './setting-secrets.ts';
import { showSaid } from './shown-said.ts';
import { trialError } from './trial-error.ts';
import type { TrialLine, TrialStage } from './trial-line.ts';
import { Veil } from './veil.ts';

export interface TrialDeps {
  /** Aborted when the person has seen enough. */
  readonly signal: AbortSignal;
  readonly onLine: (line: TrialLine) => void;
}

/** Lines of what both say, unless all of it is asked for: a server may say more than anybody reads. */
const MOST_LINES = 1000;
/** Another address of the host may do where one of them ends like this. */
const ELSEWHERE: ReadonlySet<string> = new Set<Outcome>(['refused', 'unreachable', 'timed-out']);

/**
 * Opens one connection of a leg, shows what is said on it, and closes it.
 *
 * @returns what a run would end with whose connections all go like this one; undefined where it opened and stayed open
 */
export async function tryTarget(
  config: TryConfig,
  setups: readonly LegSetup[],
  deps: TrialDeps,
): Promise<RigError | undefined> {
  const [first] = setups;
  const { url, index } = first!;
  const { run } = config;
  const opening = run.openings[index];
  const rows = opening?.identity?.rows;
  const number = config.row ?? (rows && run.dataOrder === 'random' ? randomInt(rows.count) + 1 : 1);
  const ofRow = rows ? valuesOf(new Rows(rows), number) : [];
  const veil = new Veil([...secretsOf(run), ...ofRow, ...settingSecrets(run)], config.showSecrets);
  deps.onLine({ type: 'target', url: veil.text(url!.text), row: rows ? number : null });
  for (const [at, setup] of setups.entries()) {
    const options = legFleetOptions(run, setup, { url: url! });
    const trial = new Trial(config, options, veil, deps);
    const end = await trial.hold(number);
    const isLast = at === setups.length - 1;
    if (!isLast && end.trouble && ELSEWHERE.has(end.trouble.what) && !deps.signal.aborted) continue;
    const error = isInterrupted(end, deps.signal) ? interruptedTrial() : await trialError(end, setup, options);
    return trial.conclude(end, error);
  }
  return undefined;
}

const isInterrupted = ({ openedAfterMs, trouble }: TrialEnd, { aborted }: AbortSignal): boolean =>
  aborted && openedAfterMs === undefined && trouble === undefined;

export const interruptedTrial = (): RigError =>
  new RigError('EINTERRUPTED', 'the trial was interrupted', {
    hint: '--open-timeout with less time ends it by itself',
  });

function valuesOf(rows: Rows, number: number): string[] {
  const row = (number - 1) % rows.count;
  return Array.from({ length: rows.columnCount }, (_, column) => Buffer.from(rows.value(row, column)).toString());
}

/** One connection, and what is shown of it. */
class Trial {
  readonly #config: TryConfig;
  readonly #options: Omit<FleetOptions, 'threadEntry'>;
  readonly #veil: Veil;
  readonly #deps: TrialDeps;
  readonly #dialogue: Dialogue;
  #lines = 0;
  #elapsedMs = 0;

  constructor(config: TryConfig, options: Omit<FleetOptions, 'threadEntry'>, veil: Veil, deps: TrialDeps) {
    this.#config = config;
    this.#options = options;
    this.#veil = veil;
    this.#deps = deps;
    this.#dialogue = new Dialogue(options.protocol.name);
  }

  async hold(number: number): Promise<TrialEnd> {
    const { identity, ...fleet } = this.#options;
    const end = await tryConnection({
      // Any row is one that was drawn by now.
      fleet: { ...fleet, identity: identity && { ...identity, order: 'each' } },
      number,
      stayMs: this.#config.stayMs,
      signal: this.#deps.signal,
      onEvent: (event, elapsedMs) => {
        this.#elapsedMs = elapsedMs;
        this.#note(event);
      },
    });
    return end;
  }

  conclude({ openedAfterMs, trouble }: TrialEnd, error: RigError | undefined): RigError | undefined {
    const told =
      error && new RigError(error.code, this.#veil.text(error.message), { hint: this.#veil.text(error.hint) });
    const isOpened = openedAfterMs !== undefined;
    this.#deps.onLine({
      type: 'outcome',
      elapsedMs: this.#elapsedMs,
      outcome: isOpened ? 'open' : ((trouble?.what ?? 'cancelled') as Outcome),
      openedAfterMs: openedAfterMs ?? null,
      closeReason: isOpened && trouble ? (trouble.what as never) : null,
      hasHidden: this.#veil.hasHidden,
      error: told ? { code: told.code, message: told.message, hint: told.hint } : null,
    });
    return told;
  }

  #note(event: TrialEvent): void {
    switch (event.kind) {
      case 'sent':
        this.#say('us', this.#dialogue.sent(event.bytes));
        return;
      case 'received':
        this.#say('server', this.#dialogue.received(event.bytes));
        return;
      case 'gone': {
        const { ours, theirs } = this.#dialogue.end();
        this.#say('us', ours);
        this.#say('server', theirs);
        this.#enter({ stage: 'gone', cause: event.cause });
        return;
      }
      case 'connecting':
        this.#enter({ stage: 'connecting', to: event.at });
        return;
      case 'agreed':
        this.#enter({ stage: 'agreed', agreement: event.agreement });
        return;
      case 'step':
        this.#enterStep(event.step);
        return;
      case 'ended':
        this.#enter({ stage: 'ended', by: event.by });
        return;
      case 'trouble':
        this.#enter({
          stage: this.#isOpen ? 'lost' : 'failed',
          what: event.what,
          detail: this.#veil.text(event.detail),
        });
        return;
      case 'open':
        this.#isOpen = true;
        this.#enter({ stage: 'open' });
        return;
      default:
        this.#enter({ stage: event.kind });
    }
  }

  #isOpen = false;

  #enterStep(at: number): void {
    const steps = this.#options.opening?.steps ?? [];
    const text = this.#veil.text(textOf(steps[at]!));
    this.#enter({ stage: 'step', step: at + 1, of: steps.length, text });
  }

  #enter(stage: TrialStage): void {
    this.#deps.onLine({ type: 'stage', elapsedMs: this.#elapsedMs, ...stage });
  }

  #say(by: 'us' | 'server', all: readonly Said[]): void {
    for (const said of all) {
      this.#lines += 1;
      if (!this.#config.full && this.#lines > MOST_LINES) {
        if (this.#lines === MOST_LINES + 1) this.#enter({ stage: 'silent' });
        return;
      }
      const shown = showSaid(said, by === 'us', this.#veil, this.#config.full);
      this.#deps.onLine({ type: 'said', elapsedMs: this.#elapsedMs, by, ...shown });
    }
  }
}

function textOf(step: StepPlan): string {
  if (step.kind === 'send') return 'send';
  return step.kind === 'wait' ? `wait ${humanMs(step.ms)}` : `expect ${step.said}`;
}
