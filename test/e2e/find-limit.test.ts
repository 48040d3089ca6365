/** How a search ends: with the most that was asked for, interrupted, and with a target that it brought down. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { FindLimit } from '../../core/schemas/find-limit.ts';
import { connrigHere, newFolder, phaseOf, startConnrig } from '../support/connrig.ts';

const TIMEOUT = { timeout: 240_000 };
const HOLDING = ['--slo', 'lost <= 0%', '--from', '20', '--most', '20', '--repeats', '1', '--hold', '2s'];

const searchIn = (folder: string): FindLimit =>
  FindLimit.parse(JSON.parse(readFileSync(join(folder, 'find-limit.json'), 'utf8')));

it('one that was interrupted goes on, and ends with the most that was asked for', TIMEOUT, async (t) => {
  const folder = newFolder(t);
  const args = ['find-limit', '--protocol', 'tcp', ...HOLDING, '--out', folder];
  const begun = startConnrig(t, args);
  await phaseOf(begun, join(folder, 'step-01-1'), 'ramp', 20);
  begun.child.kill('SIGINT');
  const { code, stdout } = await begun.ended;
  assert.equal(code, 130);
  assert.equal(stdout.split('\n')[0], 'It was interrupted: the same command goes on with it.');
  assert.deepEqual(begun.processes(), []);
  assert.deepEqual(
    [searchIn(folder).status, searchIn(folder).steps],
    ['interrupted', [{ at: 20, verdict: null, repeats: [] }]],
  );

  const ended = await connrigHere([...args, '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const search = FindLimit.parse(JSON.parse(ended.stdout));
  assert.deepEqual(search, searchIn(folder));
  assert.deepEqual([search.status, search.exitCode, search.bracket.broke], ['unbroken', 0, null]);
  assert.deepEqual(search.bracket.held, { at: 20, times: 1, of: 1 });
  assert.deepEqual(search.steps[0]?.repeats[0]?.values, [{ objective: 'lost <= 0%', value: 0, holds: true }]);
  assert.match(ended.stderr, /^step 1: 20 connections: held 1 of 1 \(lost 0 %\)$/m);
  assert.match(ended.stderr, /^At least 20 connections hold \(1 of 1\): the most that was asked for\.$/m);
  // What was cut off is kept beside it.
  assert.ok(existsSync(join(folder, 'step-01-1_attempt-1', 'run.json')));
});

it('a target that was brought down is told with what it did to it', TIMEOUT, async (t) => {
  const { port, died } = await startFragile(t, 30);
  const url = `tcp://127.0.0.1:${port}`;
  const folder = newFolder(t);
  const args = ['--slo', 'lost <= 0%', '--from', '40', '--repeats', '2', '--hold', '1s', '--out', folder];
  const { code, stdout, stderr } = await connrigHere(['find-limit', url, ...args]);
  assert.equal(died(), true);
  assert.equal(code, 4, stderr);
  const search = searchIn(folder);
  assert.deepEqual([search.status, search.bracket.held, search.bracket.broke?.at], ['gone', null, 40]);
  assert.match(stdout, /^40 break: .+\.$/m);
  assert.match(stdout, /^The target was gone after that, so nothing more could be asked of it: .+\.$/m);
  assert.match(stderr.trimEnd().split('\n').at(-1)!, /^E[A-Z]+: .+ — .+$/);
});

it('where nothing is there, there is nothing to search: exit code 4', TIMEOUT, async (t) => {
  const { port, close } = await startFragile(t, 30);
  await close();
  const url = `tcp://127.0.0.1:${port}`;
  const ended = await connrigHere(['find-limit', url, '--slo', 'lost <= 0%', '--out', newFolder(t)]);
  assert.equal(ended.code, 4);
  assert.match(ended.stderr, new RegExp(`^EREFUSED: .*${port}`, 'm'));
});

/** Closes whatever it has and listens no more, once it has more than so many. */
async function startFragile(t: TestContext, most: number) {
  const sockets = new Set<Socket>();
  let isDead = false;
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    socket.resume();
    if (sockets.size <= most) return;
    isDead = true;
    server.close();
    for (const one of sockets) one.destroy();
  });
  const close = async (): Promise<void> => {
    for (const one of sockets) one.destroy();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  t.after(close);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return { port, close, died: () => isDead };
}
