import { behaviourHelp, parseBehaviour } from '../../core/behaviours/behaviours.ts';
import { DEFLATE_MODES } from '../../core/schemas/leg.ts';
import { type OptionTable, oneOf, orProblem, quantity } from '../option.ts';
import { readPublishFrame, readPublishHeaders, readPublishTarget } from '../publishing.ts';
import { readRestart } from '../restart-target.ts';

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
    help: 'with echo or request: count round trips this long at each level, with broadcast deliveries; a steady p99 takes some thousands',
    default: '2s',
    read: quantity('duration', 100),
  },
  slowForMs: {
    name: 'slow-for',
    group: 'traffic',
    argument: '<duration>',
    help: 'with slow: how long that share reads slowly',
    default: '10s',
    read: quantity('duration', 100),
  },
  restart: {
    name: 'restart-target',
    group: 'traffic',
    argument: '[signal[:time]]',
    help: 'with storm: the target that connrig started is what cuts; it is ended by SIGTERM or this signal, killed after 30s or this time, and started again (SIGINT:10s)',
    read: readRestart,
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
  publish: {
    name: 'publish',
    group: 'traffic',
    argument: '<method url>',
    help: "with broadcast: publish by a request with the message as its body, such as 'POST http://127.0.0.1:8090/publish', in place of a connection",
    read: readPublishTarget,
  },
  publishHeader: {
    name: 'publish-header',
    group: 'traffic',
    argument: '<name: value>',
    help: 'a header of that request; CONNRIG_PUBLISH_HEADER, where it must not show in a list of processes',
    repeats: true,
    joinedBy: '\0',
    env: 'CONNRIG_PUBLISH_HEADER',
    read: orProblem(readPublishHeaders),
  },
  publishMessage: {
    name: 'publish-message',
    group: 'traffic',
    argument: '<text>',
    help: 'what is sent in place of the bare message, with {message} where that goes, such as \'42["chat","{message}"]\'; escapes as in --send-on-open',
    read: readPublishFrame,
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
