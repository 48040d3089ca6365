import { behaviourHelp, parseBehaviour } from '../../core/behaviours/behaviours.ts';
import { DEFLATE_MODES } from '../../core/schemas/leg.ts';
import { type OptionTable, oneOf, orProblem, quantity } from '../option.ts';

/** What open connections say. */
export const TRAFFIC_OPTIONS = {
  behaviour: {
    name: 'behaviour',
    group: 'traffic',
    argument: '<what>',
    help: `what open connections do: ${behaviourHelp()}`,
    default: 'idle',
    read: orProblem(parseBehaviour),
  },
  talkMs: {
    name: 'talk',
    group: 'traffic',
    argument: '<duration>',
    help: 'with echo or request: count round trips this long at each level; a steady p99 takes some thousands',
    default: '2s',
    read: quantity('duration', 100),
  },
  vanishForMs: {
    name: 'vanish-for',
    group: 'traffic',
    argument: '<duration>',
    help: 'with vanish: how long the server has to notice that they are gone; what it holds after that counts as still held',
    default: '60s',
    read: quantity('duration', 100),
  },
  churnMs: {
    name: 'churn-for',
    group: 'traffic',
    argument: '<duration>',
    help: 'with churn: after a level was read at rest, replace its connections this long',
    default: '10s',
    read: quantity('duration', 100),
  },
  soakMs: {
    name: 'soak',
    group: 'traffic',
    argument: '<duration>',
    help: 'hold the top level this long, with what connections do, and read memory up to 600 times: what it grows by in an hour',
    read: quantity('duration', 1000),
  },
  perMessageDeflate: {
    name: 'per-message-deflate',
    group: 'traffic',
    argument: '<how>',
    help: `compress ws messages: ${DEFLATE_MODES.join(', ')}; the built-in server then accepts it`,
    default: 'off',
    read: oneOf(DEFLATE_MODES),
  },
} as const satisfies OptionTable;
