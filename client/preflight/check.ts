import { RigError } from '../../core/values/errors.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import { CHECKS, type CheckName, type Finding, finding } from './finding.ts';
import type { Need } from './machine-demand.ts';
import { portsFinding } from './ports-finding.ts';
import type { Snapshot } from './snapshot.ts';

/** Descriptors a process needs besides its connections: standard streams, epoll, listeners, run folder, wake-ups. */
const FILES_BASE = 64;
const FILES_EACH_WORKER = 8;
/** Memory both ends take before the first connection. */
const BASE_BYTES = 200 * 2 ** 20;
/** So many times what is needed leaves room for an estimate that is too low. */
const TIGHT_MEMORY = 1.25;
/** Threads besides those of connections: the client's, and what a runtime has. */
const THREADS_BASE = 200;
/** A listener asleep for this long must not lose anybody. */
const BACKLOG_SECONDS = 0.25;
/** The kernel charges an idle socket nothing, and one that sends something a page now and then. */
const TCP_BUFFER_BYTES = 512;

/**
 * Can this machine do it? Pure: the same need and snapshot always give the same findings, one for each limit that
 * matters to the plan, in the order of {@link CHECKS}.
 */
export function checkMachine(need: Need, has: Snapshot): Finding[] {
  const ends = need.targetOnThisMachine ? 2 : 1;
  const clientFiles =
    Math.ceil(need.connections / need.descriptorTables) + FILES_BASE + need.workers * FILES_EACH_WORKER;
  const targetFiles = Math.ceil(need.connections / need.targetProcesses) + FILES_BASE;
  const mostFiles = need.targetOnThisMachine ? Math.max(clientFiles, targetFiles) : clientFiles;
  const systemFiles = (need.connections + FILES_BASE) * ends + need.workers * FILES_EACH_WORKER;
  const findings: Finding[] = [
    finding('files', has.filesHard, clientFiles, {
      knob: 'ulimit -n',
      command: `ulimit -n ${mostFiles}`,
      sentence: (is) => `the client needs ${humanCount(clientFiles)} open files in one process; its limit is ${is}`,
    }),
    finding('files-ceiling', has.filesPerProcessMax, mostFiles, {
      knob: 'fs.nr_open',
      command: `sysctl -w fs.nr_open=${mostFiles}`,
      sentence: (is) =>
        `a process with ${humanCount(mostFiles)} open files; the machine allows a process at most ${is}`,
    }),
    finding('system-files', left(has.systemFilesMax, has.systemFilesOpen), systemFiles, {
      knob: 'fs.file-max',
      command: `sysctl -w fs.file-max=${systemFiles + (has.systemFilesOpen ?? 0)}`,
      sentence: (is) => `${humanCount(systemFiles)} open files of all processes; the machine has room for ${is}`,
    }),
    portsFinding(need, has),
    finding('tcp-memory', left(has.tcpMemMaxBytes, has.tcpMemUsedBytes), need.connections * ends * TCP_BUFFER_BYTES, {
      inBytes: true,
      short: 'warn',
      knob: 'net.ipv4.tcp_mem',
      command: tcpMemCommand(
        need.connections * ends * TCP_BUFFER_BYTES + (has.tcpMemUsedBytes ?? 0),
        has.pageSizeBytes,
      ),
      sentence: (is) => `socket buffers may come to hold more than the ${is} the kernel gives them`,
    }),
    memoryFinding(need, has),
  ];
  if (has.conntrackMax !== null) findings.push(conntrackFinding(need, has, has.conntrackMax));
  if (need.threadPerConnection) findings.push(threadsFinding(need, has));
  if (need.targetOnThisMachine) findings.push(...listenerFindings(need, has, targetFiles, mostFiles));
  return findings
    .filter(({ what }) => need.family === 'inet' || !OF_TCP.has(what))
    .sort((a, b) => CHECKS.indexOf(a.what) - CHECKS.indexOf(b.what));
}

/** A Unix socket has no ports and no memory of TCP, passes no firewall, and a client that finds it full waits. */
const OF_TCP: ReadonlySet<CheckName> = new Set(['ports', 'backlog', 'syn-backlog', 'tcp-memory', 'conntrack']);

/** The three values are pages: from where on the kernel stops being generous, presses, refuses. */
function tcpMemCommand(bytes: number, pageSizeBytes: number): string {
  const pages = Math.ceil(bytes / pageSizeBytes);
  return `sysctl -w net.ipv4.tcp_mem="${Math.ceil(pages / 2)} ${Math.ceil(pages * 0.75)} ${pages}"`;
}

function memoryFinding(need: Need, has: Snapshot): Finding {
  const perConnection = need.clientBytesPerConnection + (need.targetOnThisMachine ? need.targetBytesPerConnection : 0);
  const needed = need.connections * perConnection + BASE_BYTES;
  const isTight = has.memoryAvailableBytes >= needed;
  const mostBytes = isTight ? has.memoryAvailableBytes / TIGHT_MEMORY : has.memoryAvailableBytes;
  const fits = Math.floor((mostBytes - BASE_BYTES) / perConnection);
  return finding('memory', has.memoryAvailableBytes, needed, {
    inBytes: true,
    tight: TIGHT_MEMORY,
    knob: 'memory',
    command: fits < 1 ? 'end what takes the memory: ps -eo rss,pid,args --sort=-rss | head' : `--connections ${fits}`,
    sentence: (is) =>
      `about ${humanBytes(needed)} for ${need.targetOnThisMachine ? 'both ends' : "the client's end"}; ${is} are available`,
  });
}

/** A process id each, and as many as there are for the whole machine. */
function threadsFinding(need: Need, has: Snapshot): Finding {
  const knob = 'kernel.pid_max';
  const most = 2 ** 22;
  return finding('threads', has.threadsLeft, need.connections + THREADS_BASE, {
    knob,
    command: `sysctl -w ${knob}=${most} kernel.threads-max=${most} vm.max_map_count=${most}`,
    sentence: (is) =>
      `the target takes a thread for each of ${humanCount(need.connections)} connections; this machine has room for ${is}`,
  });
}

/** A table that nothing feeds isn't in the way; one in use drops what doesn't fit, silently. */
function conntrackFinding(need: Need, has: Snapshot, max: number): Finding {
  const count = has.conntrackCount ?? 0;
  return finding('conntrack', max - count, need.connections, {
    short: count > 0 ? 'fail' : 'warn',
    knob: 'net.netfilter.nf_conntrack_max',
    command: `sysctl -w net.netfilter.nf_conntrack_max=${need.connections + count}`,
    sentence: (is) =>
      `the firewall would track ${humanCount(need.connections)} connections; its table has room for ${is}` +
      (count > 0 ? '' : ' (it tracks none now)'),
  });
}

function listenerFindings(need: Need, has: Snapshot, targetFiles: number, mostFiles: number): Finding[] {
  const burst = Math.min(need.connections, Math.ceil(need.connectsPerSecond * BACKLOG_SECONDS));
  const queue = (what: 'backlog' | 'syn-backlog', is: number | null, knob: string): Finding =>
    finding(what, is, burst, {
      short: 'warn',
      knob,
      command: `sysctl -w ${knob}=${burst}`,
      sentence: (value) =>
        `up to ${humanCount(burst)} connections may wait for the target to accept; ${knob} is ${value}`,
    });
  return [
    finding('target-files', has.targetFiles, targetFiles, {
      knob: 'ulimit -n',
      command: `ulimit -n ${mostFiles}`,
      sentence: (is) => `the target needs ${humanCount(targetFiles)} open files in one process; its limit is ${is}`,
    }),
    queue('backlog', has.somaxconn, 'net.core.somaxconn'),
    queue('syn-backlog', has.synBacklog, 'net.ipv4.tcp_max_syn_backlog'),
  ];
}

const left = (max: number | null, taken: number | null): number | null =>
  max === null ? null : Math.max(0, max - (taken ?? 0));

/** No plan of more can be counted. */
const MOST_CONNECTIONS = 100_000_000;

/**
 * The most connections this machine fits with nothing changed, and the first limit in the way of one more. Found by
 * halving, since every check only gets worse with more connections.
 *
 * @param needAt of so many connections: they may be laid out otherwise
 */
export function mostConnections(
  needAt: (connections: number) => Need,
  has: Snapshot,
): { connections: number; limiter: CheckName | null } {
  const limiterAt = (connections: number): CheckName | null =>
    checkMachine(needAt(connections), has).find(({ ok }) => ok === 'fail')?.what ?? null;
  let [fits, fails] = [0, MOST_CONNECTIONS];
  if (limiterAt(fails) === null) return { connections: fails, limiter: null };
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    if (limiterAt(middle) === null) fits = middle;
    else fails = middle;
  }
  return { connections: fits, limiter: limiterAt(fails) };
}

const CODE_OF: Partial<Record<CheckName, 'EFILES' | 'EPORTS' | 'EMEMORY'>> = {
  files: 'EFILES',
  'target-files': 'EFILES',
  'files-ceiling': 'EFILES',
  'system-files': 'EFILES',
  ports: 'EPORTS',
  memory: 'EMEMORY',
};

/**
 * All that forbids the plan, as one error; the first failure gives the code.
 *
 * @returns undefined when nothing fails
 */
export function explain(findings: readonly Finding[]): RigError | undefined {
  const failed = findings.filter(({ ok }) => ok === 'fail');
  const [first] = failed;
  if (!first) return undefined;
  // Legs that fail alike say so once.
  const commands = new Set(failed.map(({ command }) => command));
  const [lead = '', ...others] = new Set(failed.map(({ sentence }) => sentence));
  const sentences = [lead, ...others.map(capitalized)];
  return new RigError(CODE_OF[first.what] ?? 'ELIMITS', sentences.join('. '), { hint: [...commands].join('; ') });
}

const capitalized = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);
