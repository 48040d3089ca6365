/** The end of a terminal ends a command in order, like SIGTERM; unless it was started so as not to care (`nohup`). */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { assertNoStack, killIfThere, newFolder, startConnrig } from '../support/connrig.ts';
import { runFile, writeRun } from '../support/synthetic-run.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 120_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const SERVE = ['serve', '--protocol', 'tcp', '--tcp-port', 'auto', '--admin-port', 'auto'];
const RUNNING = runFile({ status: 'running', exitCode: null, finishedAt: null });
const METER = ['meter', '--pid', String(process.pid), '--listen', ':0'];

describe('SIGHUP', () => {
  const COMMANDS: ReadonlyArray<[string, (t: TestContext) => string[]]> = [
    ['serve', () => SERVE],
    ['serve with several processes', () => [...SERVE, '--processes', '2']],
    ['meter', () => METER],
    ['live', (t) => ['live', writeRun(newFolder(t), { run: RUNNING }), '--listen', ':0']],
  ];
  for (const [name, argsFor] of COMMANDS) {
    it(`ends ${name} in order`, TIMEOUT, async (t) => {
      const started = startConnrig(t, argsFor(t));
      await eventually(() => started.stderr().includes('ctrl-c stops it'), 'it listens');
      // To all of them, as a terminal does it.
      for (const pid of started.processes()) killIfThere(pid, 'SIGHUP');
      const { code, stderr } = await started.ended;
      assert.equal(code, 0, stderr);
      assertNoStack(stderr);
      assert.deepEqual(started.processes(), []);
    });
  }

  it('leaves alone what was started below a shell that ignores it', TIMEOUT, async (t) => {
    const [node, entry] = [process.execPath, new URL('../../bin/main.js', import.meta.url).pathname];
    const program = ['/bin/sh', '-c', 'trap "" HUP; "$@" & echo $!; wait $!', 'sh', node, entry];
    const started = startConnrig(t, SERVE, { program });
    const url = await eventually(() => /metrics at (\S+)\/metrics/.exec(started.stderr())?.[1], 'it listens');
    const pid = Number(started.stdout());
    killIfThere(pid, 'SIGHUP');
    for (let i = 0; i < 3; i++) assert.equal((await fetch(`${url}/healthz`)).status, 200);
    killIfThere(pid, 'SIGTERM');
    assert.equal((await started.ended).code, 0);
  });
});
