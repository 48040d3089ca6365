import { parseTargetUrl, type TargetUrl } from '../../core/values/urls.ts';
import { jsonOption } from '../json-option.ts';
import { list, type OptionTable, orProblem, quantity, type Read, text } from '../option.ts';
import { CONNECTION_OPTIONS } from '../run/connections-options.ts';
import { FOLDER_OPTIONS } from '../run/folder-options.ts';
import { OPENING_OPTIONS } from '../run/opening-options.ts';
import { READING_OPTIONS } from '../run/readings-options.ts';
import { TARGET_OPTIONS } from '../run/target-options.ts';
import { TLS_OPTIONS } from '../run/tls-options.ts';
import { TRAFFIC_OPTIONS } from '../run/traffic-options.ts';
import { BASE_VARIANT, variantHelp } from './variant-table.ts';

// Repeats of a variant are its launches, each in its turn.
const { launches: _launches, ...ofConnections } = CONNECTION_OPTIONS;
const { default: _protocols, ...protocols } = ofConnections.protocols;
const { default: _connections, ...connections } = ofConnections.connections;
// A target that is there already is no fresh one.
const { pid: _pid, exporter: _exporter, exporterToken: _token, ...ofTarget } = TARGET_OPTIONS;
// It is what varies, and storms don't go on while levels are held.
const { behaviour: _behaviour, restart: _restart, ...ofTraffic } = TRAFFIC_OPTIONS;
const { labels, force } = FOLDER_OPTIONS;

/** What every variant has in common: options of `connrig run`. */
export const COMMON_OPTIONS = {
  ...ofConnections,
  connections,
  // Nine variants of our own server, once each, take less than four minutes. With fewer connections the garbage of the warm-up shows.
  levels: { ...ofConnections.levels, default: '2k,3k,4k,5k' },
  protocols: {
    ...protocols,
    argument: '<name>',
    help: 'what to speak with our own server or --target; a URL names its own (default: ws, or the first that --target speaks)',
  },
  ...TLS_OPTIONS,
  ...OPENING_OPTIONS,
  ...ofTraffic,
  ...ofTarget,
  ...READING_OPTIONS,
  labels,
  force,
} as const satisfies OptionTable;

/** What is asked of `connrig variants` alone. */
export const VARYING_OPTIONS = {
  vary: {
    name: 'vary',
    group: 'variants',
    argument: '<list>',
    help: `which variants: ${variantHelp()}, or a name under variants in the config file; ${BASE_VARIANT} is always there`,
    read: list<string>(readVariantName),
  },
  repeats: {
    name: 'repeats',
    group: 'variants',
    argument: '<count>',
    help: `measure each so often, with a fresh target each time; ${BASE_VARIANT}, which all are held against, more often`,
    default: '2',
    read: quantity('count', 1, 100),
  },
  tlsUrl: {
    name: 'tls-url',
    group: 'variants',
    argument: '<url>',
    help: 'where the target of a URL speaks the same over TLS, for the variant tls; wss://localhost:8443, say',
    read: readTlsUrl,
  },
  out: {
    name: 'out',
    group: 'output',
    argument: '<folder>',
    help: 'where runs and page are kept; what is there already is not measured again',
    default: 'runs/variants',
    read: text,
  },
  json: jsonOption('print variants.json on stdout, and the table on stderr'),
} as const satisfies OptionTable;

/** Every option of `connrig variants`. */
export const VARIANTS_OPTIONS = { ...VARYING_OPTIONS, ...COMMON_OPTIONS } as const satisfies OptionTable;

function readVariantName(given: string): Read<string> {
  return given !== '' && !/[\p{Cc}\s]/u.test(given)
    ? { value: given }
    : { problem: `${JSON.stringify(given)} is not the name of a variant such as after:64B` };
}

function readTlsUrl(given: string): Read<TargetUrl & { readonly given: string }> {
  const read = orProblem(parseTargetUrl)(given);
  if ('problem' in read) return read;
  if (read.value.transport !== 'tls')
    return { problem: `${read.value.text} is not over TLS; wss://localhost:8443, say` };
  return { value: { ...read.value, given } };
}
