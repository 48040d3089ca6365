import { metric } from '../promql.ts';
import type { Sheet } from './assemble.ts';
import { fanOut, slowReaders, storms, turnover, vanished } from './run/doings.ts';
import { fleet } from './run/fleet.ts';
import { latency, lifecycle } from './run/flow.ts';
import { generator, kernel, target } from './run/machine.ts';
import { memory } from './run/memory.ts';
import { verdict } from './run/verdict.ts';

/** One run: what it comes to, and all that is known about it while it goes on. */
export const RUN: Sheet = {
  name: 'run',
  title: 'connrig: run',
  description: 'What one more connection costs in RAM, while a run goes on and afterwards.',
  from: 'now-15m',
  choices: [{ variable: 'run', label: 'run', of: metric('runInfo') }],
  rows: [
    { title: 'Verdict', panels: verdict },
    { title: 'Memory', panels: memory },
    { title: 'Lifecycle', panels: lifecycle },
    { title: 'Latency', panels: latency },
    { title: 'Storms', panels: storms },
    { title: 'Slow readers', panels: slowReaders },
    { title: 'Turnover and soaks', panels: turnover },
    { title: 'Vanished peers', panels: vanished },
    { title: 'Fan-out', panels: fanOut },
    { title: 'Kernel', panels: kernel },
    { title: 'Target', panels: target },
    { title: 'Generator', panels: generator },
    { title: 'Fleet', panels: fleet },
  ],
};
