/** Pages that are served over https, and an exporter that is asked over it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ServerMemory } from '../../core/schemas/admin.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  connrigHere,
  newFolder,
  ONE_LEVEL,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';
import { samplesIn } from '../support/scrape.ts';
import { fetchSecurely, writeSecured } from '../support/secured-files.ts';
import { startServe } from '../support/serve-process.ts';
import { writeRun } from '../support/synthetic-run.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 180_000 };
const onLinux = { ...TIMEOUT, skip: process.platform !== 'linux' ? 'needs /proc' : false };
const TOKEN = 'a-token-of-this-test';
const authorization = `Bearer ${TOKEN}`;

const allOf = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    .join('\n');

describe('over https', () => {
  it('a meter is the exporter of a run that trusts it, and the token goes to nobody else', onLinux, async (t) => {
    const echo = await startEcho('tcp');
    t.after(() => echo.close());
    const { certPath, keyPath, cert, keyLine } = writeSecured(t, 'open sesame');
    const meter = startConnrig(
      t,
      ['meter', '--pid', String(echo.pid), '--listen', '0.0.0.0:0', '--admin-cert', certPath, '--admin-key', keyPath],
      { env: { CONNRIG_TLS_PASSPHRASE: 'open sesame', CONNRIG_ADMIN_TOKEN: TOKEN } },
    );
    const url = await eventually(() => /https:\S+(?=\/metrics)/.exec(meter.stderr())?.[0], 'the meter');
    assert.doesNotMatch(meter.stderr(), /warning/, 'nobody can read the token');
    assert.equal((await fetchSecurely(`${url}/readings`, cert)).status, 401);
    const { status, text } = await fetchSecurely(`${url}/readings`, cert, { authorization });
    assert.deepEqual([status, JSON.parse(text).target.pids], [200, [echo.pid]]);
    const rebound = await fetchSecurely(`${url}/readings`, cert, {
      authorization,
      host: 'localhost.evil.example',
    }).catch(String);
    assert.match(String(rebound), /altnames/, 'a client that proves names does not even ask');

    const folder = newFolder(t);
    const run = ['run', echo.url, '--exporter', url, ...ONE_LEVEL, '--out'];
    const env = { CONNRIG_EXPORTER_TOKEN: TOKEN };
    const untrusted = await connrigHere([...run, newFolder(t)], env);
    assertFailed(untrusted, 4, 'ETLSCERT', /its certificate is not trusted \(self-signed/);
    const unknown = await connrigHere([...run, newFolder(t), '--ca', certPath]);
    assertFailed(unknown, 4, 'EEXPORTER', /it wants a token, or another/);
    assertWentThrough(await connrig(t, [...run, folder, '--ca', certPath], { env }));
    const { target, legs } = await reportOn(t, folder);
    assert.equal(target.kind, 'exporter');
    for (const { bytes } of legs[0]!.levels) assert.ok(bytes.user! > 5e6);
    assert.equal(JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')).config.exporter, url);
    for (const secret of [TOKEN, 'open sesame', keyLine, 'PRIVATE KEY']) {
      assert.equal(allOf(folder).includes(secret), false, secret);
      assert.equal(meter.stderr().includes(secret), false, secret);
    }
    meter.child.kill('SIGTERM');
    assert.equal((await meter.ended).code, 0);
  });

  it('the reference server tells its memory, with the same guard', TIMEOUT, async (t) => {
    const { certPath, keyPath, cert } = writeSecured(t);
    const server = await startServe([
      ...['--protocol', 'ws', '--processes', '2', '--admin-cert', certPath, '--admin-key', keyPath],
      ...['--admin-token', TOKEN, '--admin-host', '0.0.0.0'],
    ]);
    t.after(() => server.stop());
    const { admin } = server.ready;
    assert.match(admin, /^https:\/\/127\.0\.0\.1:\d+$/);
    assert.equal((await fetchSecurely(`${admin}/memory`, cert)).status, 401);
    const { text } = await fetchSecurely(`${admin}/memory`, cert, { authorization });
    assert.equal(ServerMemory.parse(JSON.parse(text)).processes.length, 3);
    const page = await fetchSecurely(`${admin}/`, cert, { authorization });
    assert.match(page.text, /<script/);
  });

  it('a run shows its metrics and its page', TIMEOUT, async (t) => {
    const server = await startEcho('tcp');
    t.after(() => server.close());
    const { certPath, keyPath, cert, keyLine } = writeSecured(t);
    const folder = newFolder(t);
    const run = startConnrig(t, [
      ...['run', server.url, '--connections', '500', '--rate', '10/s', '--metrics', '0', '--live', '0'],
      ...['--admin-cert', certPath, '--admin-key', keyPath, '--out', folder],
    ]);
    const metrics = await eventually(() => /^metrics at (https:\S+)$/m.exec(run.stderr())?.[1], 'metrics');
    const page = await eventually(() => /^live page at (https:\S+)\/$/m.exec(run.stderr())?.[1], 'a page');
    await eventually(async () => {
      const samples = samplesIn((await fetchSecurely(metrics, cert)).text);
      return samples.get('connrig_connections_open{protocol="tcp",leg="tcp"}')! > 5;
    }, 'some connections');
    const state = JSON.parse((await fetchSecurely(`${page}/state.json`, cert)).text);
    assert.ok(JSON.stringify(state).includes('tcp'));
    run.child.kill('SIGINT');
    assertFailed(await run.ended, 130, 'EINTERRUPTED');
    assert.equal(allOf(folder).includes(keyLine), false);
    assert.equal(allOf(folder).includes('PRIVATE KEY'), false);
  });

  it('a run folder is followed', TIMEOUT, async (t) => {
    const { certPath, keyPath, cert } = writeSecured(t);
    const folder = writeRun(newFolder(t));
    const live = startConnrig(t, ['live', folder, '--listen', ':0', '--admin-cert', certPath, '--admin-key', keyPath]);
    const url = await eventually(() => /https:\S+(?=\/;)/.exec(live.stderr())?.[0], 'the page');
    const asking = request(`${url}/events`, { ca: cert, agent: false }).end();
    t.after(() => asking.destroy());
    const [response] = await once(asking, 'response');
    const [piece] = await once(response.setEncoding('utf8'), 'data');
    assert.match(piece, /^event: snapshot\n/);
    live.child.kill('SIGTERM');
    assert.equal((await live.ended).code, 0);
  });

  it(
    'over plain http a token that travels is warned of; what is wrong with the files is refused',
    TIMEOUT,
    async (t) => {
      const open = ['--admin-token', TOKEN, '--listen', '0.0.0.0:0'];
      const meter = startConnrig(t, ['meter', '--pid', String(process.pid), ...open]);
      await eventually(() => /metering process/.test(meter.stderr()), 'the meter');
      const warning =
        /^warning: others on the network can read the token on its way to port \d+; --admin-cert <file> --admin-key <file> encrypts it$/m;
      assert.match(meter.stderr(), warning);
      const { certPath, keyPath } = writeSecured(t, 'open sesame');
      const refused = async (args: readonly string[], why: RegExp): Promise<void> =>
        assertFailed(await connrigHere(args), 2, 'EUSAGE', why);
      const encrypted =
        /--admin-cert and --admin-key: \S+key\.pem is encrypted; say its passphrase in .* CONNRIG_TLS_PASSPHRASE/;
      const both = ['--admin-cert', certPath, '--admin-key', keyPath];
      await refused(['meter', '--pid', '1', ...both], encrypted);
      await refused(['serve', ...both], encrypted);
      await refused(['live', 'runs', ...both], encrypted);
      await refused(['run', '--metrics', '0', ...both], encrypted);
      await refused(['run', ...both], /--admin-cert: nothing is served without --metrics or --live/);
      await refused(
        ['serve', '--admin-cert', certPath],
        /--admin-cert: its private key is missing; --admin-key with the file/,
      );
      await refused(['serve', '--admin-key', keyPath, '--what'], /--what is not an option/);
      await refused(
        ['serve', '--admin-key', keyPath],
        /--admin-key: the certificate that it belongs to is missing; --admin-cert/,
      );
    },
  );
});
