import { jsonOption } from './json-option.ts';
import { type OptionTable, onOff, quantity } from './option.ts';
import { CONNECTION_OPTIONS } from './run/connections-options.ts';
import { OPENING_OPTIONS } from './run/opening-options.ts';
import { TLS_OPTIONS } from './run/tls-options.ts';
import { TRAFFIC_OPTIONS } from './run/traffic-options.ts';

const { protocols, openTimeoutMs, engine, close, sources } = CONNECTION_OPTIONS;
// There is no built-in server to try.
const { default: _default, ...ofUrls } = protocols;
// One connection has no earlier session to take up.
const { resume: _, ...ofTls } = TLS_OPTIONS;
const { perMessageDeflate } = TRAFFIC_OPTIONS;

/** What a connection that is tried has in common with those of a run. */
export const TRIED_OPTIONS = {
  protocols: { ...ofUrls, argument: '<name>', help: 'sse, for event streams: their URLs are those of http' },
  openTimeoutMs,
  engine,
  close,
  sources,
  ...ofTls,
  ...OPENING_OPTIONS,
  perMessageDeflate,
} as const satisfies OptionTable;

/** What is asked of `connrig try` alone. */
export const TRIAL_OPTIONS = {
  stayMs: {
    name: 'for',
    group: 'plan',
    argument: '<duration>',
    help: 'how long an open connection is looked at, before it is closed; Ctrl-C closes it earlier',
    default: '2s',
    read: quantity('duration', 0),
  },
  row: {
    name: 'row',
    group: 'opening',
    argument: '<number>',
    help: 'which row of --data it has, from 1; {n} is the same number (default: the first, or any with --data-order random)',
    read: quantity('count', 1),
  },
  full: {
    name: 'full',
    group: 'output',
    help: 'print everything that is said, however long it is',
    default: 'false',
    read: onOff,
  },
  showSecrets: {
    name: 'show-secrets',
    group: 'output',
    help: 'print values of rows, headers, queries and the environment too, which are *** otherwise',
    default: 'false',
    read: onOff,
  },
  json: jsonOption('print a JSON object for each line'),
} as const satisfies OptionTable;

/** Every option of `connrig try`. */
export const TRY_OPTIONS = { ...TRIED_OPTIONS, ...TRIAL_OPTIONS } as const satisfies OptionTable;
