/** Servers that know nothing of the rig: what it says of them must be what they say of themselves, and of their make. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import {
  assertWentThrough,
  connrig,
  HASTY,
  newFolder,
  phaseOf,
  reportOn,
  type Started,
  startConnrig,
} from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { peersOf } from '../support/tcp-table.ts';
import { eventually } from '../support/wait.ts';
import { CONNECT, listenToTopic } from './mqtt.ts';
import { ask, type Stranger, startMosquitto, startNginx, startRedis } from './servers.ts';

const TOP = 3000;
const LEVELS = [750, 1500, 2250, TOP];
const GET = 'GET / HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n';
const TIMEOUT = 180_000;
const onLinux = (missing: string | false): string | false => (process.platform === 'linux' ? missing : 'needs /proc');

/**
 * A run against a server, during which somebody else counts.
 *
 * @param count is called while all connections of the top level are open and the client is stopped
 * @param meanwhile is called after that, while the run goes on
 */
async function measured(
  t: TestContext,
  { port, pid, url = `tcp://127.0.0.1:${port}` }: Stranger & { readonly url?: string },
  more: readonly string[],
  count: () => Promise<void>,
  meanwhile: (run: Started, folder: string) => Promise<void> = async () => {},
): Promise<LegSummary> {
  const folder = newFolder(t);
  const run = startConnrig(t, [
    ...['run', url, '--pid', String(pid), '--levels', LEVELS.join(), '--rate', '10k/s'],
    ...[...more, '--quiet', '--out', folder],
  ]);
  await phaseOf(run, folder, 'settle', TOP);
  await whileStopped(run, async () => {
    // Our end may be open a moment before theirs, where more come at once than the listener's queue takes.
    await eventually(() => peersOf([port]).length === TOP, `${TOP} connections in the kernel's list`);
    await count();
  });
  await meanwhile(run, folder);
  assertWentThrough(await run.ended);
  const leg = (await reportOn(t, folder)).legs[0]!;
  assert.deepEqual(
    leg.levels.map(({ open }) => open),
    LEVELS,
  );
  for (const { open, established } of leg.levels) assert.ok(established === open || established === null);
  assert.ok(leg.fit!.rSquared >= 0.99, `R² ${leg.fit!.rSquared}`);
  return leg;
}

/** @returns bytes in user space that one more connection costs */
function userCost({ perConnection }: LegSummary): number {
  // One accepted socket that an epoll watches; see docs/how-memory-is-read.md.
  const { kernel } = perConnection!;
  if (kernel) assert.ok(kernel.bytes > 3500 && kernel.bytes < 4600, `${kernel.bytes} bytes in the kernel`);
  return perConnection!.user!.bytes;
}

function assertNear(bytes: number, expected: number, share: number): void {
  assert.ok(Math.abs(bytes / expected - 1) <= share, `${bytes.toFixed(0)} bytes, not ${expected}`);
}

/** For somebody to count in peace: a client that is stopped closes nothing. */
async function whileStopped({ child }: Started, body: () => Promise<void>): Promise<void> {
  child.kill('SIGSTOP');
  try {
    await body();
  } finally {
    child.kill('SIGCONT');
  }
}

// A connection keeps its pool, of 512 bytes unless told otherwise, and malloc's 16; all else is there from the start.
describe('nginx', { skip: onLinux(needs('nginx')) }, () => {
  const counted = async (port: number): Promise<void> => {
    const status = await ask(port, 'GET /status HTTP/1.0\r\n\r\n');
    assert.match(status, new RegExp(`^Active connections: ${TOP + 1} $`, 'm'));
  };

  it('takes 528 bytes for each that it keeps alive', { timeout: TIMEOUT }, async (t) => {
    const nginx = await startNginx(t);
    const leg = await measured(t, nginx, ['--send-on-open', GET, '--rest', '700ms'], () => counted(nginx.port));
    assertNear(userCost(leg), 512 + 16, 0.04);
  });

  it('with pools of 1,024 bytes takes as much more as an http target, and answers requests', {
    timeout: TIMEOUT,
  }, async (t) => {
    const nginx = await startNginx(t, 'connection_pool_size 1024;');
    const url = `http://127.0.0.1:${nginx.port}/any`;
    const leg = await measured(t, { ...nginx, url }, ['--rest', '700ms'], () => counted(nginx.port));
    assertNear(userCost(leg), 1024 + 16, 0.04);
    const folder = newFolder(t);
    const status = url.replace('any', 'status');
    const plan = ['--levels', '100,200,300', '--behaviour', 'request:1k/s', ...HASTY];
    assertWentThrough(await connrig(t, ['run', status, ...plan, '--quiet', '--out', folder]));
    for (const { rtt } of (await reportOn(t, folder)).legs[0]!.levels) {
      const { statuses, lostReplies, messagesPerSecond } = rtt!;
      assert.deepEqual([statuses!['3xx'], statuses!['4xx'], statuses!['5xx'], lostReplies], [0, 0, 0, 0]);
      assert.ok(Math.abs(messagesPerSecond - 1000) <= 100 && statuses!['2xx'] >= 1800, JSON.stringify(rtt));
    }
  });
});

describe('Redis with clients that have said PING', { skip: onLinux(needs('redis-server')) }, () => {
  it('takes at rest what it says itself, less the buffer that nobody has used yet', { timeout: TIMEOUT }, async (t) => {
    const redis = await startRedis(t);
    const info = async (field: string): Promise<number> => {
      const answer = await ask(redis.port, 'INFO\r\nQUIT\r\n');
      return Number(new RegExp(`^${field}:(\\d+)\r$`, 'm').exec(answer)?.[1]);
    };
    const before = await info('used_memory');
    let usedBytes = before;
    const count = async (): Promise<void> => assert.equal(await info('connected_clients'), TOP + 1);
    const ping = ['--send-on-open', 'PING\\r\\n', '--rest', '5s'];
    const leg = await measured(t, redis, ping, count, async (run, folder) => {
      let isOver = false;
      const end = phaseOf(run, folder, 'hold', TOP).finally(() => {
        isOver = true;
      });
      while (!isOver) {
        const now = await info('used_memory');
        if (!isOver) usedBytes = now;
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      await end;
    });
    const ownAccount = (usedBytes - before) / TOP;
    const bytes = userCost(leg);
    // It shrinks the buffer for replies to 1 KiB, and doesn't write into the new one.
    assert.ok(
      bytes < ownAccount * 1.05 && bytes > (ownAccount - 1024) * 0.95,
      `${bytes} bytes; by its own account ${ownAccount}`,
    );
    assert.ok(leg.burst!.userBytesPerConnection > 1.5 * bytes, `${leg.burst!.userBytesPerConnection} after a burst`);
  });
});

describe('Mosquitto with clients that have connected', { skip: onLinux(needs('mosquitto')) }, () => {
  it('takes 0.6 to 1.1 KB for each', { timeout: TIMEOUT }, async (t) => {
    const mosquitto = await startMosquitto(t);
    const file = join(dirname(newFolder(t)), 'connect.bin');
    writeFileSync(file, CONNECT);
    const leg = await measured(t, mosquitto, ['--send-on-open', `@${file}`, '--rest', '2s'], async () => {
      await listenToTopic(mosquitto.port, '$SYS/broker/clients/connected', (value) => value === String(TOP + 1));
    });
    // The client's state is 656 bytes of it, its id 64, its address up to 48; the rest are tables that find it.
    const bytes = userCost(leg);
    assert.ok(bytes > 600 && bytes < 1100, `${bytes} bytes`);
  });
});
