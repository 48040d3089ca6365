import type { OpeningPlan, StepPlan } from '../../core/opening/plan.ts';
import { humanMs } from '../../core/values/units.ts';
import type { Dialogue } from '../../fleet/trial/dialogue.ts';
import type { Said } from '../../fleet/trial/said.ts';
import type { TrialEvent } from '../../fleet/trial/trial-event.ts';
import { showSaid } from './shown-said.ts';
import type { TrialLine, TrialStage } from './trial-line.ts';
import type { Veil } from './veil.ts';

export interface TranscriptOptions {
  readonly dialogue: Dialogue;
  readonly opening: OpeningPlan | undefined;
  readonly veil: Veil;
  /** Nothing is cut or left out. */
  readonly isFull: boolean;
  readonly onLine: (line: TrialLine) => void;
}

/** So much of what both say is shown, unless all of it is asked for: a server may say more than anybody reads. */
const MOST_SAID = 1000;

/** Makes lines of what happens to a connection that is tried. */
export class Transcript {
  readonly #options: TranscriptOptions;
  #saidCount = 0;
  #elapsedMs = 0;

  constructor(options: TranscriptOptions) {
    this.#options = options;
  }

  /** When the last thing happened. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  note(event: TrialEvent, elapsedMs: number): void {
    this.#elapsedMs = elapsedMs;
    const { dialogue } = this.#options;
    if (event.kind === 'sent') {
      this.#say('us', dialogue.sent(event.bytes));
    } else if (event.kind === 'received') {
      this.#say('server', dialogue.received(event.bytes));
    } else {
      if (event.kind === 'gone') {
        const { ours, theirs } = dialogue.end();
        this.#say('us', ours);
        this.#say('server', theirs);
      }
      this.#enter(this.#stageOf(event));
    }
  }

  #stageOf(event: Exclude<TrialEvent, { kind: 'sent' } | { kind: 'received' }>): TrialStage {
    const { opening, veil } = this.#options;
    switch (event.kind) {
      case 'connecting':
        return { stage: 'connecting', to: event.at };
      case 'agreed':
        return { stage: 'agreed', agreement: event.agreement };
      case 'step': {
        const steps = opening?.steps ?? [];
        return { stage: 'step', step: event.step + 1, of: steps.length, text: veil.text(textOf(steps[event.step])) };
      }
      case 'failed':
        return { stage: 'failed', outcome: event.outcome, detail: veil.text(event.detail) };
      case 'lost':
        return { stage: 'lost', reason: event.reason, detail: veil.text(event.detail) };
      case 'ended':
        return { stage: 'ended', by: event.by };
      case 'gone':
        return { stage: 'gone', cause: event.cause };
      default:
        return { stage: event.kind };
    }
  }

  #enter(stage: TrialStage): void {
    this.#options.onLine({ type: 'stage', elapsedMs: this.#elapsedMs, ...stage });
  }

  #say(by: 'us' | 'server', all: readonly Said[]): void {
    const { veil, isFull, onLine } = this.#options;
    for (const said of all) {
      this.#saidCount += 1;
      if (isFull || this.#saidCount <= MOST_SAID) {
        onLine({ type: 'said', elapsedMs: this.#elapsedMs, by, ...showSaid(said, by === 'us', veil, isFull) });
      } else if (this.#saidCount === MOST_SAID + 1) {
        this.#enter({ stage: 'silent' });
      }
    }
  }
}

function textOf(step: StepPlan | undefined): string {
  if (step === undefined) return '';
  if (step.kind === 'send') return 'send';
  return step.kind === 'wait' ? `wait ${humanMs(step.ms)}` : `expect ${step.said}`;
}
