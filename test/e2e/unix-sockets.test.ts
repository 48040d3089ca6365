/** Targets at Unix sockets: counts that agree at both ends, what the kernel takes for them, and what is wrong with a path. */
import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import type { SchemeName } from '../../core/protocols/schemes.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  connrigHere,
  foldedLegs,
  HASTY,
  newFolder,
  ONE_LEVEL,
  readRunJson,
  readSamples,
  reportOn,
} from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';
import { unusedPath } from '../support/peers.ts';
import { datagramSocket, leftBehind } from '../support/socket-files.ts';

const TIMEOUT = { timeout: 180_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const LEVELS = [20, 40, 60];

/** Socket, inode, directory entry, open file, epoll: 2.6 KiB on Linux 6.18, and a TCP socket is 1.3 KiB larger. */
function assertKernelPart({ perConnection, levels }: LegSummary): void {
  const { tcpSock, unixSock, localPorts, socketBuffers } = perConnection!.components;
  if (unixSock === null) return;
  assert.ok(unixSock! >= 900 && unixSock! <= 1600, `${unixSock} bytes`);
  assert.deepEqual([tcpSock, localPorts, socketBuffers, perConnection!.tcpReservedBytes], [0, 0, 0, 0]);
  for (const { open, bytes } of levels) {
    assert.ok(bytes.kernel! / open > 2000 && bytes.kernel! / open < 4000, `${bytes.kernel} for ${open}`);
  }
}

const RIGHT_ONE = /neither process \d+ nor a child of it listens at tcp\+unix:\/\/.*: is it the right one\? — ss -xlp/;

describe('the built-in server at Unix sockets', () => {
  const RUNS: ReadonlyArray<[engine: string, schemes: SchemeName[]]> = [
    ['epoll', ['ws+unix']],
    ['node', ['http+unix']],
  ];
  for (const [engine, schemes] of RUNS) {
    it(
      `${schemes.join(' and ')} over ${engine}: all count the same, and no limit of TCP is named`,
      TIMEOUT,
      async (t) => {
        const folder = newFolder(t);
        const plan = ['--protocol', schemes.join(), '--engine', engine, '--levels', LEVELS.join(), ...HASTY, '--quiet'];
        assertWentThrough(
          await connrig(t, ['run', ...plan, '--fail-if', `${schemes[0]}.peakOpen > 60`, '--out', folder]),
        );
        const { legs, limiters, warnings, thresholds } = await reportOn(t, folder);
        assert.deepEqual(
          legs.map(({ name, family, outcomes, attempts }) => [name, family, outcomes.open === attempts]),
          schemes.map((name) => [name, 'unix', true]),
        );
        for (const { levels } of legs) {
          assert.deepEqual(
            levels.map(({ open, established, censusOpen }) => [open, established, censusOpen]),
            LEVELS.map((open) => [open, open, open]),
          );
        }
        for (const leg of foldedLegs(folder)) assertKernelPart(leg);
        assert.deepEqual(
          limiters.filter(({ what }) => ['ports', 'tcp-mem', 'conntrack'].includes(what)),
          [],
        );
        assert.doesNotMatch(warnings.join('\n'), /port|kernel counts/);
        assert.equal(thresholds[0]?.passed, true);
        const { generator, target } = readRunJson(folder);
        assert.ok(generator.legs.every((leg) => leg.ip === undefined && leg.targetIsLocal && leg.sources.length === 0));
        for (const url of target.urls) {
          const path = /^[a-z]+\+unix:\/\/(.*)$/.exec(url)![1]!;
          assert.throws(() => readdirSync(dirname(path)), { code: 'ENOENT' }, 'the folder of the socket is gone');
        }
      },
    );
  }
});

describe('a server that runs at a Unix socket', () => {
  it('is measured by its process, and is talked to', TIMEOUT, async (t) => {
    const echo = await startEcho('tcp', { path: unusedPath() });
    t.after(() => echo.close());
    const folder = newFolder(t);
    const talk = ['--behaviour', 'echo:100/s:64B', '--talk', '1s'];
    const args = ['run', echo.url, '--pid', String(echo.pid), ...talk, ...ONE_LEVEL, '--quiet', '--out', folder];
    assertWentThrough(await connrig(t, args));
    const { legs, warnings } = await reportOn(t, folder);
    assert.deepEqual(
      legs.map(({ name, peakOpen, levels }) => [name, peakOpen, levels[0]?.established]),
      [['tcp+unix', 20, 20]],
    );
    assert.ok(legs[0]!.levels[0]!.rtt!.messagesPerSecond > 0, 'replies came');
    assert.doesNotMatch(warnings.join('\n'), RIGHT_ONE);
    const held = readSamples(folder).find((sample) => sample.type === 'memory' && sample.phase === 'hold');
    assert.ok(held?.type === 'memory' && held.readings.established?.acceptedEnds === 20);
  });

  it('and a process that does not listen there is warned of', TIMEOUT, async (t) => {
    const [echo, stranger] = await Promise.all([startEcho('tcp', { path: unusedPath() }), startEcho('tcp')]);
    t.after(() => Promise.all([echo.close(), stranger.close()]));
    const folder = newFolder(t);
    const args = ['run', echo.url, '--pid', String(stranger.pid), ...ONE_LEVEL, '--quiet', '--out', folder];
    assertWentThrough(await connrig(t, args));
    const { warnings } = await reportOn(t, folder);
    assert.match(warnings.join('\n'), RIGHT_ONE);
  });
});

describe('a path that takes no connections', () => {
  const told = async (url: string): Promise<string> => {
    const ended = await connrigHere(['run', url, ...ONE_LEVEL, '--out', `${unusedPath()}.run`]);
    assertFailed(ended, 4, 'EREFUSED');
    return ended.stderr;
  };

  it('is told before anything starts, with what to change', TIMEOUT, async () => {
    const plain = unusedPath();
    writeFileSync(plain, '');
    using datagrams = datagramSocket();
    assert.match(
      await told(`ws+unix://${plain}.none:/chat`),
      /there is no \/tmp\/.*\.none — start the server.*; ls \/tmp/,
    );
    assert.match(await told(`ws+unix:///nowhere/at/all.sock`), /there is no folder \/nowhere\/at — ss -xl/);
    assert.match(await told(`ws+unix://${plain}`), /is a file of another kind, and no socket — ss -xl/);
    assert.match(await told(`tcp+unix://${dirname(plain)}`), /is a folder, and no socket/);
    assert.match(await told(`tcp+unix://${datagrams.path}`), /is a socket of datagrams, which has no connections/);
    assert.match(
      await told(`tcp+unix://${await leftBehind()}`),
      /nobody listens at .*left it there — start the server, after rm /,
    );
  });

  it('and what a Unix socket has no use for is refused', TIMEOUT, async () => {
    const refused = async (args: readonly string[]): Promise<string> => {
      const ended = await connrigHere(['run', ...args]);
      assertFailed(ended, 2, 'EUSAGE');
      return ended.stderr;
    };
    assert.match(
      await refused(['tcp+unix:///run/a.sock', '--source', '127.0.0.2']),
      /--source: .* come from no address/,
    );
    assert.match(await refused(['--protocol', 'ws+unix', '--processes', '2']), /--processes: one process listens/);
    assert.match(await refused(['--target', 'go-ws', '--protocol', 'ws+unix']), /go-ws speaks .*, not ws\+unix/);
    assert.match(await refused(['wss+unix:///run/a.sock']), /TLS is not spoken at a Unix socket/);
  });
});
