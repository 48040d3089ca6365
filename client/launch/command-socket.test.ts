import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { RigError } from '../../core/values/errors.ts';
import { parseTargetUrl, type TargetUrl } from '../../core/values/urls.ts';
import { BoundedLog } from '../../files/bounded-log.ts';
import { startEcho } from '../../test/support/echo.ts';
import { unusedPath } from '../../test/support/peers.ts';
import { leftBehind } from '../../test/support/socket-files.ts';
import { startCommandTarget } from './command.ts';
import type { Target } from './target.ts';

const TIMEOUT = { timeout: 120_000, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const LISTEN = `require('net').createServer((s) => s.on('error', () => {})).listen(process.env.AT)`;
const REMOVE = `try { require('fs').unlinkSync(process.env.AT) } catch {};`;
const serve = (path: string, program = LISTEN): string =>
  `AT=${path} ${process.execPath} -e "${program.replaceAll('"', '')}"`;

async function start(t: TestContext, path: string, command: string, readyWithinMs = 30_000): Promise<Target> {
  const log = new BoundedLog(`${unusedPath()}.log`, { onCut() {} });
  const target = await startCommandTarget({
    name: 'it',
    command,
    url: parseTargetUrl(`tcp+unix://${path}`) as TargetUrl,
    ip: '',
    ips: [],
    log,
    signal: new AbortController().signal,
    warn() {},
    readyWithinMs,
  });
  t.after(() => target.stop(true));
  return target;
}

async function refusal(attempt: Promise<Target>): Promise<RigError> {
  const error = await attempt.then(
    () => assert.fail('it started'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof RigError, String(error));
  return error;
}

test('a command is ready when its socket takes connections, and not when its file is there', TIMEOUT, async (t) => {
  const path = unusedPath();
  const target = await start(t, path, serve(path));
  assert.ok(existsSync(path));
  assert.equal(target.death(), undefined);
});

test(
  'a file that an earlier run left behind: a server that takes it away is ready when it listens anew',
  TIMEOUT,
  async (t) => {
    const path = await leftBehind();
    const target = await start(t, path, serve(path, `${REMOVE} setTimeout(() => ${LISTEN}, 300)`));
    assert.equal(target.death(), undefined);
  },
);

test('and one that does not is told with what takes it away', TIMEOUT, async (t) => {
  const path = await leftBehind();
  const { code, message, hint } = await refusal(start(t, path, serve(path)));
  assert.equal(code, 'ETARGETSTART');
  assert.match(message, /ended \(exit code 1\) before \/tmp\/.*\.sock answered: .*EADDRINUSE/);
  assert.ok(hint.startsWith(`rm ${path}; AT=`), hint);
});

test(
  'where somebody listens already, and where the command listens elsewhere, the paths are named',
  TIMEOUT,
  async (t) => {
    const echo = await startEcho('tcp', { path: unusedPath() });
    t.after(() => echo.close());
    const path = 'path' in echo.at ? echo.at.path : '';
    const taken = await refusal(start(t, path, serve(path)));
    assert.equal(taken.code, 'ELISTEN');
    assert.match(
      `${taken.message} — ${taken.hint}`,
      /something listens at \/tmp\/.*\.sock already.* — ss -xlp src \/tmp/,
    );
    const [wanted, other] = [unusedPath(), unusedPath()];
    const { message, hint } = await refusal(start(t, wanted, serve(other), 3000));
    assert.match(message, /does not answer on \/tmp\/.*\.sock within 3 s/);
    assert.equal(hint, `it listens elsewhere: tcp+unix://${other}`);
  },
);
