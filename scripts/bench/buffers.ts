import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Ledger, ledgerOf } from '../../core/ledger/ledger.ts';
import type { Established, Readings } from '../../core/schemas/readings.ts';
import { median } from '../../core/stats/slope.ts';
import { humanCount } from '../../core/values/units.ts';
import { type Meters, openMeters } from '../../memory/meter-set.ts';
import type { BenchPart, Figure } from './benchmark.ts';

const CONNECTIONS = 9000;
const ROUNDS = 5;
const KIB = 1024;
/** What the kernel frees on one processor at a time, and others' files, come to rest in this time. */
const REST_MS = 1500;
const READS = 5;
const PAUSE_MS = 200;
const WITHIN_MS = 60_000;

/** `bytes` are what the client writes to each connection, `queuedBytes` what stays at the target's end. */
const CASES = [
  { what: '1 B unread', mode: ['unread'], bytes: 1, queuedBytes: 1 },
  { what: '2 KiB unread', mode: ['unread'], bytes: 2 * KIB, queuedBytes: 2 * KIB },
  { what: '64 KiB unread', mode: ['unread'], bytes: 64 * KIB, queuedBytes: 64 * KIB },
  { what: '64 KiB unsent', mode: ['unsent', String(64 * KIB)], bytes: 1, queuedBytes: 64 * KIB },
] as const;

export const buffers: BenchPart = {
  name: 'buffers',
  method: `${humanCount(CONNECTIONS)} connections between two processes in C (\`test/known-answer/queued.c\`), held with empty queues and then with data in them; ${ROUNDS} rounds, medians (and the worst). What the host lost is the growth of its used memory between the two, less that of all processes' own memory. *Unexplained* is what no row explains, of all that the host lost so since there was no connection.`,
  async measure() {
    const folder = await mkdtemp(join(tmpdir(), 'connrig-buffers-'));
    try {
      const program = join(folder, 'queued');
      const source = fileURLToPath(new URL('../../../test/known-answer/queued.c', import.meta.url));
      execFileSync('gcc', ['-O1', '-o', program, source]);
      const rounds: Queued[][] = CASES.map(() => []);
      for (let round = 0; round < ROUNDS; round++) {
        for (const [i, one] of CASES.entries()) rounds[i]!.push(await queue(program, one));
      }
      return CASES.flatMap(({ what }, i) => figuresOf(what, rounds[i]!));
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

/** In bytes a connection, but for the last. */
interface Queued {
  /** `socketBuffers` of both ends. */
  readonly counted: number;
  readonly lost: number;
  readonly reserved: number;
  /** What no row explains, of all that the host lost since there was no connection. */
  readonly leftShare: number;
}

async function queue(program: string, { mode, bytes, queuedBytes }: (typeof CASES)[number]): Promise<Queued> {
  const port = await unusedPort();
  const server = startTarget(program, [String(port), ...mode]);
  try {
    await server.says('listening');
    const client = startTarget(program, [String(port), 'dial', String(CONNECTIONS), String(bytes)]);
    try {
      const meters = openMeters({ pids: [server.pid], ports: [port], clientPid: client.pid });
      await client.says('warm');
      const baseline = await readAtRest(meters);
      client.goOn();
      await client.says('open');
      await untilAll(meters, 'the target has all connections', ({ acceptedEnds }) => acceptedEnds === CONNECTIONS);
      const empty = await readAtRest(meters);
      client.goOn();
      await client.says('written');
      await untilAll(meters, 'the data is in the queues', ({ targetQueues }) => {
        const { received, written } = targetQueues!;
        return received.bytes + written.bytes === CONNECTIONS * queuedBytes;
      });
      const full = await readAtRest(meters);
      return comparisonOf(baseline, empty, full);
    } finally {
      await client.end();
    }
  } finally {
    await server.end();
  }
}

function comparisonOf(baseline: Readings, empty: Readings, full: Readings): Queued {
  const ends = { target: CONNECTIONS, client: CONNECTIONS };
  const [before, after] = [ledgerOf(baseline, empty, ends), ledgerOf(baseline, full, ends)];
  const used = (readings: Readings): number => readings.host?.usedBytes ?? Number.NaN;
  const ofUsers = ({ host }: Readings): number => host?.anonBytes ?? Number.NaN;
  const queued = ({ components, client }: Ledger): number =>
    (components.socketBuffers ?? Number.NaN) + (client.components.socketBuffers ?? Number.NaN);
  const each = (bytes: number): number => bytes / CONNECTIONS;
  return {
    counted: each(queued(after) - queued(before)),
    lost: each(used(full) - used(empty) - (ofUsers(full) - ofUsers(empty))),
    reserved: each((full.sockstat?.tcpMemBytes ?? Number.NaN) - (empty.sockstat?.tcpMemBytes ?? Number.NaN)),
    leftShare: Math.abs(
      (after.unexplained ?? Number.NaN) / (used(full) - used(baseline) - (ofUsers(full) - ofUsers(baseline))),
    ),
  };
}

function figuresOf(what: string, rounds: readonly Queued[]): Figure[] {
  const over = (of: (one: Queued) => number): number => median(rounds.map(of));
  const errors = rounds.map(({ counted, lost }) => Math.abs(counted / lost - 1));
  const left = rounds.map(({ leftShare }) => leftShare);
  return [
    {
      what: `${what}: socket buffers, both ends`,
      value: `${bytes(over(({ counted }) => counted))}; the host lost ${bytes(over(({ lost }) => lost))}, sockstat reserved ${bytes(over(({ reserved }) => reserved))}`,
      target: '',
      holds: true,
    },
    within(`${what}: socket buffers against what the host lost`, errors, 0.1),
    within(`${what}: unexplained, of all that the host lost`, left, 0.05),
  ];
}

const bytes = (value: number): string => `${humanCount(Math.round(value))} B`;

const within = (what: string, shares: readonly number[], most: number): Figure => ({
  what,
  value: `${percent(median(shares))} (${percent(Math.max(...shares))})`,
  target: `≤ ${most * 100} %`,
  holds: median(shares) <= most,
});

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

/** The one of several whose host is the middle one: others' work comes and goes. */
async function readAtRest(meters: Meters): Promise<Readings> {
  await delay(REST_MS);
  const readings: Readings[] = [];
  for (let i = 0; i < READS; i++) {
    readings.push(await meters.read({ list: true }));
    await delay(PAUSE_MS);
  }
  const used = ({ host }: Readings): number => host?.usedBytes ?? Number.NaN;
  return readings.sort((a, b) => used(a) - used(b))[Math.floor(READS / 2)]!;
}

/** The kernel completes connections that a server has yet to accept, and what is sent takes a moment to arrive. */
async function untilAll(meters: Meters, what: string, isSo: (listed: Established) => boolean): Promise<void> {
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    const { established, missing } = await meters.read({ list: true });
    if (established === null) throw new Error(missing.map(({ why }) => why).join('; '));
    if (isSo(established)) return;
    if (performance.now() > deadline) throw new Error(`never happened: ${what}`);
    await delay(PAUSE_MS);
  }
}

interface Program {
  readonly pid: number;
  /** When it has said so. */
  says(word: string): Promise<void>;
  goOn(): void;
  end(): Promise<void>;
}

function startTarget(path: string, args: readonly string[]): Program {
  const child = spawn(path, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid!,
    async says(word) {
      const { value } = await lines.next();
      if (value !== word) throw new Error(`${args.join(' ')} said ${value} instead of ${word}`);
    },
    goOn: () => void child.stdin.write('\n'),
    async end() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
