/** A name with several addresses, of which the server listens at one: that one is taken, and told. Hosts files of their own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { assertFailed, assertWentThrough, connrig, ONE_LEVEL, readRunJson, reportOn } from '../support/connrig.ts';
import { ELSEWHERE, elsewhere, openFolder } from '../support/elsewhere.ts';

const SERVER = `const held = []; const s = require('net').createServer((c) => held.push(c.on('error', () => {})));
s.listen({ port: Number(process.argv[1]), host: process.argv[2], ipv6Only: true }, () => console.log(s.address().port))`;

/** With a hosts file of its own; this machine's stays as it is. */
function withHosts(t: TestContext, ...ips: readonly string[]) {
  const hosts = join(openFolder(t), 'hosts');
  writeFileSync(hosts, ips.map((ip) => `${ip} localhost\n`).join(''));
  return elsewhere(t, { setUp: `mount --bind '${hosts}' /etc/hosts` });
}

async function startServer(t: TestContext, host: string, port = 0) {
  const child = spawn(process.execPath, ['-e', SERVER, String(port), host], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => child.kill('SIGKILL'));
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid!, port: Number(said.toString()) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function ipOf(t: TestContext, folder: string): Promise<string | undefined> {
  const { legs } = await reportOn(t, folder);
  assert.equal(legs[0]?.peakOpen, 20);
  return readRunJson(folder).generator.legs[0]?.ip;
}

describe('localhost', () => {
  for (const [first, second] of [
    ['::1', '127.0.0.1'],
    ['127.0.0.1', '::1'],
  ] as const) {
    it(`is ${first} first, and the server is at ${second} alone`, ELSEWHERE, async (t) => {
      const { pid, port } = await startServer(t, second);
      for (const named of [[], ['--pid', String(pid)]]) {
        const folder = join(openFolder(t), 'run');
        const args = ['run', `tcp://localhost:${port}`, ...named, ...ONE_LEVEL, '--out', folder];
        const ended = await connrig(t, args, withHosts(t, first, second));
        assertWentThrough(ended);
        assert.equal(await ipOf(t, folder), second);
        // However the file has it, the C library names ::1 first where it can be reached.
        if (second === '::1') continue;
        assert.match(ended.stderr, /localhost is ::1 and 127\.0\.0\.1 here; connections go to 127\.0\.0\.1/);
      }
      const tried = await connrig(t, ['try', `tcp://localhost:${port}`, '--for', '0s'], withHosts(t, first, second));
      assert.equal(tried.code, 0, tried.stderr);
      const [last] = [...tried.stdout.matchAll(/connecting to (.*)$/gm)].slice(-1);
      assert.equal(last?.[1], second === '::1' ? `[::1]:${port}` : `127.0.0.1:${port}`);
      assert.match(tried.stdout, /^open after /m);
    });

    it(`is ${first} first, and a command listens at ${second} alone`, ELSEWHERE, async (t) => {
      const port = await freePort();
      const folder = join(openFolder(t), 'run');
      const file = join(openFolder(t), 'server.cjs');
      writeFileSync(file, SERVER);
      const command = `exec '${process.execPath}' -e "$(cat ${file})" ${port} ${second}`;
      const args = ['run', `tcp://localhost:${port}`, '--command', command, ...ONE_LEVEL, '--out', folder];
      assertWentThrough(await connrig(t, args, withHosts(t, first, second)));
      assert.equal(await ipOf(t, folder), second);
    });
  }

  it('has two servers: the one whose memory is measured gets the connections', ELSEWHERE, async (t) => {
    const other = await startServer(t, '::1');
    const { pid, port } = await startServer(t, '127.0.0.1', other.port);
    const folder = join(openFolder(t), 'run');
    const args = ['run', `tcp://localhost:${port}`, '--pid', String(pid), ...ONE_LEVEL, '--out', folder];
    const ended = await connrig(t, args, withHosts(t, '::1', '127.0.0.1'));
    assertWentThrough(ended);
    assert.equal(await ipOf(t, folder), '127.0.0.1');
    assert.match(ended.stderr, /connections go to 127\.0\.0\.1, where the process listens/);
  });

  it('is refused at all its addresses: the error says which', ELSEWHERE, async (t) => {
    const url = `tcp://localhost:${await freePort()}`;
    const ended = await connrig(
      t,
      ['run', url, ...ONE_LEVEL, '--out', join(openFolder(t), 'run')],
      withHosts(t, '::1', '127.0.0.1'),
    );
    assertFailed(ended, 4, 'EREFUSED', /localhost is ::1 and 127\.0\.0\.1 here, and none of them accepts/);
    assert.match(ended.stderr, /EREFUSED: tcp:\/\/localhost:\d+ \(::1\): the connection was refused/);
  });
});
