/** What queries about vanished peers must answer: nothing of runs in which none vanished. */
import assert from 'node:assert/strict';
import type { VANISHED } from '../../dashboards/grafana/queries/run.ts';
import type { Check, ChecksOf } from './facts.ts';

const ofNone: Check = (answer, { summary }) => {
  assert.ok(summary.legs.every(({ vanish }) => vanish === null));
  assert.deepEqual(answer, []);
};

export const VANISHED_CHECKS: ChecksOf<typeof VANISHED> = { connections: ofNone, notice: ofNone, stillHeld: ofNone };
