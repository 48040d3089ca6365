import { ADMIN_OPTIONS } from '../admin-options.ts';
import { LIVE_ADDRESS, readListen, readLive } from '../listen-address.ts';
import { type OptionTable, onOff, orProblem, quantity } from '../option.ts';

/** What shows a run while it goes on. */
export const WATCHING_OPTIONS = {
  metrics: {
    name: 'metrics',
    group: 'watching',
    argument: '<[host:]port>',
    help: 'serve the run as Prometheus metrics while it goes on; :9464 is for this machine alone, 0 any free port',
    read: orProblem(readListen),
  },
  live: {
    name: 'live',
    group: 'watching',
    argument: '[[host:]port]',
    help: `show the run on a page while it goes on; ${LIVE_ADDRESS} unless said, 0 any free port`,
    read: readLive,
  },
  lingerMs: {
    name: 'linger',
    group: 'watching',
    argument: '<duration>',
    help: 'at the end stay at most this long, with --metrics until they were asked for twice, with --live while somebody looks',
    default: '15s',
    read: quantity('duration', 0),
  },
  adminToken: {
    ...ADMIN_OPTIONS.adminToken,
    group: 'watching',
    help: `with --metrics and --live: ${ADMIN_OPTIONS.adminToken.help}`,
  },
  adminNames: {
    ...ADMIN_OPTIONS.adminNames,
    group: 'watching',
    help: `with --metrics and --live: ${ADMIN_OPTIONS.adminNames.help}`,
  },
  adminCert: {
    ...ADMIN_OPTIONS.adminCert,
    group: 'watching',
    help: `with --metrics and --live: ${ADMIN_OPTIONS.adminCert.help}`,
  },
  adminKey: { ...ADMIN_OPTIONS.adminKey, group: 'watching' },
  quiet: {
    name: 'quiet',
    group: 'watching',
    help: 'the result and errors alone, without progress',
    default: 'false',
    read: onOff,
  },
} as const satisfies OptionTable;
