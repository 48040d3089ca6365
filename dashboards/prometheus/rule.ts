import type { PromQl } from '../promql.ts';
import type { RecordedKey } from '../recorded.ts';

/** One series that Prometheus makes of others. */
export interface RecordingRule {
  readonly record: RecordedKey;
  readonly expr: PromQl;
}

/** A sentence to say while an expression has a result. */
export interface AlertRule {
  /** In camel case, as Prometheus has it. */
  readonly alert: string;
  readonly expr: PromQl;
  /** How long it must have had one before. None: what it tells of is over at once, or doesn't go away. */
  readonly for?: string;
  readonly severity: 'warning' | 'critical';
  /** What is the matter, in a line; `{{ $labels.x }}` and `{{ $value }}` are filled in. */
  readonly summary: string;
  /** What to do about it. */
  readonly description: string;
}

/** Rules that are evaluated together, in order. */
export interface RuleGroup<R extends RecordingRule | AlertRule> {
  readonly name: string;
  readonly intervalSeconds: number;
  readonly rules: readonly R[];
}
