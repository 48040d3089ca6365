import { findTarget } from '../../lab/catalogue.ts';
import { parseExporter } from '../../memory/exporter.ts';
import { readCollect } from '../collect.ts';
import { readInspectors } from '../inspect.ts';
import { type OptionTable, orProblem, quantity, text } from '../option.ts';
import { readPid } from '../pid.ts';
import { readSecret } from '../secret.ts';
import { readServedAddress } from '../served-address.ts';

/** What is measured, and where its memory is read. */
export const TARGET_OPTIONS = {
  processes: {
    name: 'processes',
    group: 'target',
    argument: '<count>',
    help: 'processes of the built-in server or --target (default: as many as the limit of open files asks for)',
    read: quantity('count', 1, 1000),
  },
  listen: {
    name: 'listen',
    group: 'target',
    argument: '<address>',
    help: 'where the built-in server listens: an IP address of this machine that the workers of --fleet reach, such as 10.0.0.9',
    default: '127.0.0.1',
    read: readServedAddress,
  },
  pid: {
    name: 'pid',
    group: 'target',
    argument: '<pid>',
    help: 'measure the memory of this process and its children; several ids of one server may be given, as pidof prints them',
    read: (given) => readPid(given),
  },
  command: {
    name: 'command',
    group: 'target',
    argument: '<shell command>',
    help: 'start the server at the URL by this, anew for each leg, measure it, and stop it at the end',
    read: text,
  },
  target: {
    name: 'target',
    group: 'target',
    argument: '<name|folder>',
    help: 'build and measure a server that comes with the rig (connrig targets), or one of your own with a target.yaml',
    read: orProblem(findTarget),
  },
  exporter: {
    name: 'exporter',
    group: 'target',
    argument: '<url[#metric]>',
    help: "read the target's memory from connrig meter, or from a metric of any Prometheus endpoint; over http or https",
    read: orProblem(parseExporter),
  },
  exporterToken: {
    name: 'exporter-token',
    group: 'target',
    argument: '<token>',
    help: 'the token that the exporter was started with (its --admin-token); @file and CONNRIG_EXPORTER_TOKEN keep it out of ps',
    env: 'CONNRIG_EXPORTER_TOKEN',
    read: readSecret,
  },
  inspect: {
    name: 'inspect',
    group: 'target',
    argument: '<host:port,…>',
    help: 'force garbage collections and read heaps in a target started with node --inspect=127.0.0.1:9229',
    read: readInspectors,
  },
  collect: {
    name: 'collect',
    group: 'target',
    argument: '<how>',
    help: "collect the target's garbage before memory is read. auto: Node.js by SIGUSR1 and its inspector, Java by jcmd. A URL is asked, such as http://127.0.0.1:6060/debug/pprof/heap?gc=1 of Go. off: as it is (default: auto for --command and --target, otherwise off)",
    read: readCollect,
  },
} as const satisfies OptionTable;
