import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, freemem } from 'node:os';
import { readEstablished } from '../../memory/established.ts';
import { readHost } from '../../memory/host.ts';
import { readPageSize } from '../../memory/page-size.ts';
import { readSockstat } from '../../memory/sockstat.ts';
import { type Listeners, readListeners } from './listeners.ts';

/** Limits of this machine and how much of them is taken. Null: not readable here (not Linux, or not for us). */
export interface Snapshot {
  readonly cores: number;
  readonly pageSizeBytes: number;
  /** Open files of this process: how many it may have, and could ask for. Infinity: unlimited. */
  readonly filesSoft: number | null;
  readonly filesHard: number | null;
  /** Open files a process of the target may have: its own soft limit where it runs already, else what it can inherit. */
  readonly targetFiles: number | null;
  /** Where the target runs already: which of its processes take connections. */
  readonly targetListeners: Listeners | null;
  /** Open files of the whole system, its limit, and the most any process may be allowed. */
  readonly systemFilesOpen: number | null;
  readonly systemFilesMax: number | null;
  readonly filesPerProcessMax: number | null;
  /** Ports the system gives to connecting ends, first and last; and how many of them it keeps back. */
  readonly portRange: readonly [first: number, last: number] | null;
  readonly reservedPorts: number | null;
  /** 0 never, 1 always, 2 on loopback only: may a port in TIME_WAIT be used again? */
  readonly timeWaitReuse: number | null;
  /** Ports in TIME_WAIT towards the destinations; null when none was named, too. */
  readonly timeWait: number | null;
  readonly somaxconn: number | null;
  readonly synBacklog: number | null;
  /** Memory for TCP buffers: what is used, and from where on the kernel refuses more. */
  readonly tcpMemUsedBytes: number | null;
  readonly tcpMemMaxBytes: number | null;
  /** Connection tracking of the firewall; null when this kernel has none. */
  readonly conntrackCount: number | null;
  readonly conntrackMax: number | null;
  /** Threads that the system would still start. */
  readonly threadsLeft: number | null;
  readonly memoryAvailableBytes: number;
}

export interface SnapshotOptions {
  /** Ports of the destinations: what is in TIME_WAIT towards them, and who listens there. */
  readonly ports?: readonly number[];
  /** Paths of the Unix sockets among the destinations. */
  readonly socketPaths?: readonly string[];
  /** The target's process, where it runs on this machine already. */
  readonly targetPid?: number | undefined;
  /** Where /proc is mounted. */
  readonly proc?: string;
}

export async function readSnapshot({
  ports = [],
  socketPaths = [],
  targetPid,
  proc = '/proc',
}: SnapshotOptions = {}): Promise<Snapshot> {
  const numbers = (file: string): number[] | null => numbersOf(readOr(`${proc}/${file}`));
  const first = (file: string): number | null => numbers(file)?.[0] ?? null;
  const ipv4 = (name: string): number[] | null => numbers(`sys/net/ipv4/${name}`);
  const [host, sockstat, established, targetListeners] = await Promise.all([
    readHost(proc).catch(() => null),
    readSockstat(`${proc}/net/sockstat`),
    // It takes time for each socket of this machine, so not for nothing.
    ports.length === 0
      ? null
      : readEstablished(ports, {
          isNarrow: true,
          ...(proc !== '/proc' && {
            paths: { tcp: `${proc}/net/tcp`, tcp6: `${proc}/net/tcp6`, sockstat: `${proc}/net/sockstat` },
          }),
        }).catch(() => null),
    targetPid === undefined ? null : readListeners(targetPid, ports, proc, socketPaths),
  ]);
  const tcpMemMaxPages = ipv4('tcp_mem')?.[2];
  const { filesSoft, filesHard } = descriptorLimits(proc);
  const files = numbers('sys/fs/file-nr');
  return {
    cores: availableParallelism(),
    pageSizeBytes: readPageSize(),
    filesSoft,
    filesHard,
    targetFiles: targetPid === undefined ? filesHard : targetFilesOf(targetPid, targetListeners, proc),
    targetListeners,
    systemFilesOpen: files?.[0] ?? null,
    systemFilesMax: files?.[2] ?? null,
    filesPerProcessMax: first('sys/fs/nr_open'),
    ...readPorts(proc),
    timeWaitReuse: ipv4('tcp_tw_reuse')?.[0] ?? null,
    timeWait: established?.timeWait ?? null,
    somaxconn: first('sys/net/core/somaxconn'),
    synBacklog: ipv4('tcp_max_syn_backlog')?.[0] ?? null,
    tcpMemUsedBytes: sockstat?.tcpMemBytes ?? null,
    tcpMemMaxBytes: tcpMemMaxPages === undefined ? null : tcpMemMaxPages * readPageSize(),
    conntrackCount: first('sys/net/netfilter/nf_conntrack_count'),
    conntrackMax: first('sys/net/netfilter/nf_conntrack_max'),
    threadsLeft: threadsLeft(first('sys/kernel/pid_max'), first('sys/kernel/threads-max'), readOr(`${proc}/loadavg`)),
    memoryAvailableBytes: host ? Math.min(host.availableBytes, host.limitBytes) : freemem(),
  };
}

/** The ports of the network namespace that this process is in. */
export function readPorts(proc = '/proc'): Pick<Snapshot, 'portRange' | 'reservedPorts'> {
  const range = numbersOf(readOr(`${proc}/sys/net/ipv4/ip_local_port_range`));
  const portRange = range?.[0] !== undefined && range[1] !== undefined ? ([range[0], range[1]] as const) : null;
  const reserved = readOr(`${proc}/sys/net/ipv4/ip_local_reserved_ports`);
  return { portRange, reservedPorts: portRange && countReserved(reserved, portRange) };
}

/** @param loadavg its fourth field has how many threads run, and how many there are */
function threadsLeft(pidMax: number | null, threadsMax: number | null, loadavg: string | undefined): number | null {
  const taken = Number(/\/(\d+)/.exec(loadavg ?? '')?.[1]);
  if (pidMax === null || threadsMax === null || Number.isNaN(taken)) return null;
  return Math.max(0, Math.min(pidMax, threadsMax) - taken);
}

/** From /proc/self/limits; elsewhere from a shell, which inherits our limits. */
function descriptorLimits(proc: string): { filesSoft: number | null; filesHard: number | null } {
  const limits = readOr(`${proc}/self/limits`);
  const parsed = limits === undefined ? askShell() : parseLimits(limits);
  return { filesSoft: parsed?.[0] ?? null, filesHard: parsed?.[1] ?? null };
}

/** The limit of the process that takes connections: it may have raised its own, whatever the one that started it has. */
function targetFilesOf(pid: number, listeners: Listeners | null, proc: string): number | null {
  const pids = listeners && listeners.pids.length > 0 ? listeners.pids : [pid];
  const limits = pids.flatMap((one) => parseLimits(readOr(`${proc}/${one}/limits`) ?? '')?.[0] ?? []);
  return limits.length === 0 ? null : Math.min(...limits);
}

export function parseLimits(text: string): [soft: number, hard: number] | null {
  const match = /^Max open files\s+(\S+)\s+(\S+)/m.exec(text);
  return match ? [limitOf(match[1]), limitOf(match[2])] : null;
}

function askShell(): [soft: number, hard: number] | null {
  try {
    const [soft, hard] = execFileSync('/bin/sh', ['-c', 'ulimit -Sn; ulimit -Hn'], { encoding: 'utf8' }).split('\n');
    return [limitOf(soft), limitOf(hard)];
  } catch {
    return null;
  }
}

const limitOf = (text: string | undefined): number =>
  text === 'unlimited' ? Number.POSITIVE_INFINITY : Number.parseInt(text ?? '', 10);

/**
 * Ports of a range that the system never gives away.
 *
 * @param text of ip_local_reserved_ports: `8080,9000-9003`
 */
export function countReserved(text: string | undefined, [first, last]: readonly [number, number]): number {
  let count = 0;
  for (const part of (text ?? '').trim().split(',')) {
    const [from = Number.NaN, to = from] = part.split('-').map((port) => Number.parseInt(port, 10));
    const overlap = Math.min(last, to) - Math.max(first, from) + 1;
    if (overlap > 0) count += overlap;
  }
  return count;
}

const numbersOf = (text: string | undefined): number[] | null =>
  text === undefined ? null : (text.match(/\d+/g) ?? []).map(Number);

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
