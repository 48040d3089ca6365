import type { MessagePlan, OpeningPlan, StepPlan, TakePlan } from '../../core/opening/plan.ts';
import type { Slot } from '../protocols/protocol.ts';
import type { FillText } from '../protocols/request-words.ts';
import type { Codec } from './codecs/codec.ts';
import { Dues } from './dues.ts';
import { compilePattern, type Pattern, prepareText } from './patterns.ts';
import { Round } from './rounds.ts';

/** A message as one connection says it. */
export interface Saying {
  /** Only valid until the next call. */
  readonly bytesFor: (slot: Slot) => Uint8Array;
  readonly isText: boolean;
}

export type OpeningStep =
  | { readonly kind: 'send'; readonly saying: Saying }
  | {
      readonly kind: 'expect';
      readonly pattern: Pattern;
      readonly skips: boolean;
      readonly take: TakePlan;
      readonly said: string;
      /** Those that wait for it, where it has a time of its own. */
      readonly dues: Dues | undefined;
      readonly ms: number;
    }
  | { readonly kind: 'wait'; readonly dues: Dues; readonly ms: number };

export interface OnRule {
  readonly pattern: Pattern;
  /** undefined: it wants no answer. */
  readonly saying: Saying | undefined;
}

export interface EveryRule {
  readonly round: Round;
  readonly saying: Saying;
}

/** An opening made ready to be carried out: what has no holes is made once. */
export interface Compiled {
  readonly steps: readonly OpeningStep[];
  readonly on: readonly OnRule[];
  readonly every: readonly EveryRule[];
}

export function compileOpening(plan: OpeningPlan, slots: number, fill: FillText, codec: Codec | undefined): Compiled {
  const sayingOf = (message: MessagePlan): Saying =>
    'packet' in message
      ? { bytesFor: codec!.writer(message.packet, fill), isText: false }
      : { bytesFor: prepareText(message.bytes, fill), isText: message.isText };
  const stepOf = (step: StepPlan): OpeningStep => {
    if (step.kind === 'send') return { kind: 'send', saying: sayingOf(step.message) };
    if (step.kind === 'wait') return { kind: 'wait', dues: new Dues(step.ms), ms: step.ms };
    const { pattern, withinMs, skips, take, said } = step;
    const dues = withinMs === undefined ? undefined : new Dues(withinMs);
    return {
      kind: 'expect',
      pattern: compilePattern(pattern, fill, codec),
      skips,
      take,
      said,
      dues,
      ms: withinMs ?? 0,
    };
  };
  const on: OnRule[] = [];
  const every: EveryRule[] = [];
  for (const rule of plan.rules) {
    if (rule.kind === 'every') every.push({ round: new Round(rule.everyMs, slots), saying: sayingOf(rule.send) });
    else {
      const saying = rule.send && sayingOf(rule.send);
      on.push({ pattern: compilePattern(rule.pattern, fill, codec), saying });
    }
  }
  return { steps: plan.steps.map(stepOf), on, every };
}
