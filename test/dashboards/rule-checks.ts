/** What each series that a rule makes for itself must be, by the run's own folder; the others are what dashboards ask for. */
import assert from 'node:assert/strict';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { RecordedKey } from '../../dashboards/recorded.ts';
import { assertNear, most, only } from './answers.ts';
import type { Check } from './facts.ts';

const sumOver =
  (wanted: (level: { open: number; bytes: number }) => number): Check =>
  (answer, { summary }) => {
    for (const { name, levels } of summary.legs) {
      for (const part of ['total', 'user', 'kernel'] as const) {
        const sum = levels.reduce((so, { open, bytes }) => so + wanted({ open, bytes: bytes[part]! }), 0);
        assertNear(most(only(answer, { leg: name, part })), sum, 1e-6, `${name} ${part}`);
      }
    }
  };
/** For points: the largest of their values. */
const largestOver =
  (wanted: (levels: LegSummary['levels']) => number): Check =>
  (answer, { summary }) => {
    for (const { name, levels } of summary.legs) {
      const own = answer.filter(({ labels }) => labels['leg'] === name && (labels['part'] ?? 'total') === 'total');
      assertNear(most(only(own)), wanted(levels), 1e-6, name);
    }
  };

export const RULE_CHECKS: { readonly [K in RecordedKey]?: Check } = {
  pointNumber: largestOver((levels) => levels.length),
  pointSquare: largestOver((levels) => Math.max(...levels.map(({ open }) => open ** 2))),
  pointProduct: largestOver((levels) => Math.max(...levels.map(({ open, bytes }) => open * bytes.total!))),
  count: sumOver(() => 1),
  sumConnections: sumOver(({ open }) => open),
  sumMemory: sumOver(({ bytes }) => bytes),
  sumSquares: sumOver(({ open }) => open ** 2),
  sumProducts: sumOver(({ open, bytes }) => open * bytes),
};

/** An alert's expression as a series of 0 and 1, so that it can be seen that it looks at something. */
export function asTruth(expr: string): string {
  const truth = expr.replace(/ (>|==) (?!bool)/, ' $1 bool ');
  assert.notEqual(truth, expr);
  return truth;
}
