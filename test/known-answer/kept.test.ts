/** Servers that keep something of each closed connection: what, whether it is a leak, and what that uses up. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { plain } from '../../report/words/phrase.ts';
import { verdictOf } from '../../report/words/verdict.ts';
import { sourceOf } from '../support/compiled.ts';
import { connrig, newFolder, reportOn } from '../support/connrig.ts';
import { commandOf, needs } from '../support/needs.ts';
import { unusedPort } from '../support/peers.ts';

const TIMEOUT = { timeout: 240_000, skip: process.platform !== 'linux' ? 'needs /proc' : needs('python3') };
const CONNECTIONS = 900;
/** What one end of a connection takes in the kernel, its descriptor's slot not included: see docs/how-memory-is-read.md. */
const SOCKET_BYTES = { least: 3000, most: 5000 };

interface Case {
  readonly name: string;
  /** What the server is started with, after its port. */
  readonly server: readonly ['leaky.py' | 'half-open.mjs', ...string[]];
  readonly cycles: 1 | 3;
  /** Descriptors for each closed connection. */
  readonly files: number;
  /** Sockets among them. */
  readonly sockets?: number;
  readonly says: RegExp;
  readonly limits: readonly string[];
}

const AGAIN = ', unless the next connections use it again: --cycles 3 tells';
const GONE = '; [\\d,]+ open files are taken after [\\d,]+ closes';
const CASES: readonly Case[] = [
  ...([1, 3] as const).map(
    (cycles): Case => ({
      name: 'forgets to close',
      server: ['leaky.py', 'sockets', '1'],
      cycles,
      files: 1,
      sockets: 1,
      says: new RegExp(
        `; each closed connection leaves one open file(?: and|,) [34]\\.\\d KiB in the kernel(?: and [\\d.]+ (?:Ki)?B in user space)?: a leak${cycles === 1 ? AGAIN : ''}${GONE}`,
      ),
      limits: ['fds'],
    }),
  ),
  {
    name: 'forgets one in four',
    server: ['half-open.mjs', '4'],
    cycles: 3,
    files: 0.25,
    sockets: 0.25,
    says: new RegExp(
      `; each closed connection leaves 0\\.25 open files(,| and) [\\d.]+ (B|KiB) in the kernel.*: a leak${GONE}`,
    ),
    limits: ['fds'],
  },
  {
    name: 'forgets a file that is no socket',
    server: ['leaky.py', 'files'],
    cycles: 3,
    files: 1,
    sockets: 0,
    says: /; each closed connection leaves one open file and \d+ B in the kernel.*: a leak; [\d,]+ open files are taken after [\d,]+ closes/,
    limits: ['fds'],
  },
  {
    name: 'leaks memory',
    server: ['leaky.py', 'memory', '8192'],
    cycles: 3,
    files: 0,
    says: /; each closed connection leaves (7\.9|8\.\d) KiB in user space: a leak; the memory limit of 1\.0 GiB is reached after 1[123]\d,\d{3} closes/,
    limits: ['memory'],
  },
  {
    name: 'keeps memory for the next',
    server: ['leaky.py', 'cache', '16384'],
    cycles: 1,
    files: 0,
    says: /; each closed connection leaves 1\d\.\d KiB, kept for the next or leaked: --cycles 3 tells; /,
    limits: [],
  },
  {
    name: 'keeps memory for the next',
    server: ['leaky.py', 'cache', '16384'],
    cycles: 3,
    files: 0,
    says: /; each closed connection leaves 1\d\.\d KiB, kept and used again by the next: no leak; /,
    limits: [],
  },
];

describe('a server', () => {
  for (const { name, server, cycles, files, sockets = 0, says, limits } of CASES) {
    it(`that ${name}, after ${cycles} cycle${cycles === 1 ? '' : 's'}`, TIMEOUT, async (t) => {
      const summary = await measured(t, server, cycles);
      const [leg = assert.fail()] = summary.legs;
      const retained = leg.retained!;
      const sentence = verdictOf(summary).map(plain).join(' ');
      const context = `${sentence}\n${JSON.stringify(retained)}`;
      if (retained.files === null) return t.skip('no cheap count of descriptors here');
      assert.ok(Math.abs(retained.files.perClosedConnection - files) < 0.02, context);
      assertKernel(retained, sockets, context);
      assert.match(sentence, says);
      const closes = summary.limiters.filter(({ unit }) => unit === 'closed connections');
      assert.deepEqual([...new Set(closes.map(({ what }) => what))].slice(0, 1), limits, context);
      if (limits[0] === 'fds') {
        const [{ at, available = 0 } = assert.fail()] = closes;
        assert.ok(Math.abs((at * files) / (available - 64) - 1) < 0.1, `${at} closes of ${available} files`);
      }
    });
  }
});

/** Where the kernel's objects can be looked at. */
function assertKernel({ kernel }: NonNullable<LegSummary['retained']>, sockets: number, context: string): void {
  if (kernel === null) return;
  const each = kernel.bytesPerClosedConnection;
  if (sockets === 0) assert.ok(Math.abs(each) < SOCKET_BYTES.least / 4, context);
  else assert.ok(each > sockets * SOCKET_BYTES.least && each < sockets * SOCKET_BYTES.most, context);
}

async function measured(t: TestContext, [file, ...args]: Case['server'], cycles: number): Promise<Summary> {
  const port = await unusedPort();
  const folder = newFolder(t);
  const program = file.endsWith('.py') ? commandOf('python3') : process.execPath;
  await connrig(t, [
    ...['run', `tcp://127.0.0.1:${port}`, '--rate', '5k/s', '--memory-limit', '1GiB', '--quiet', '--out', folder],
    ...['--command', `exec ${program} ${sourceOf(`known-answer/${file}`)} ${port} ${args.join(' ')}`],
    ...['--connections', String(CONNECTIONS), '--levels', '3', '--cycles', String(cycles)],
  ]);
  return reportOn(t, folder);
}
