import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRunConfig, type RunConfig } from '../config/run-config.ts';
import { RigError } from '../core/values/errors.ts';
import { toWarning, type Warning } from '../core/values/warnings.ts';
import { whyNot } from '../fleet/engines/index.ts';
import { chooseDrive, type Drive } from './choose-engine.ts';

const WHY = 'OpenSSL has no SSL_new here';
const without = async (): Promise<string> => WHY;

async function choose(
  config: RunConfig,
  filesHard: number | null = 1_048_576,
): Promise<{ readonly drive: Drive; readonly warnings: readonly Warning[] }> {
  const warnings: Warning[] = [];
  return { drive: await chooseDrive(config, filesHard, (warning) => void warnings.push(warning), without), warnings };
}

test("where OpenSSL can't be had node:tls secures, over the node engine, with one warning that says why", async () => {
  for (const engine of ['auto', 'node'] as const) {
    const { drive, warnings } = await choose(parseRunConfig({ protocol: 'ws,wss', engine }));
    assert.deepEqual(drive, { engine: 'node', securedBy: 'node-tls' });
    assert.deepEqual(warnings, [toWarning('WNODETLS', { why: WHY })]);
  }
});

test('plain legs have no need of it, so nobody is asked', async () => {
  const { drive, warnings } = await choose(parseRunConfig({ protocol: 'ws', engine: 'node' }));
  assert.deepEqual([drive, warnings], [{ engine: 'node', securedBy: 'openssl' }, []]);
});

test('more connections than one table of descriptors holds take io_uring where it can be had, else epoll with one line', async (t) => {
  if ((await whyNot('epoll')) !== undefined) return t.skip('there is no epoll here');
  const lack = await whyNot('uring');
  const many = lack === undefined ? 'uring' : 'epoll';
  const engineFor = async (settings: Readonly<Record<string, string>>, filesHard: number | null): Promise<string> => {
    const { drive, warnings } = await choose(parseRunConfig({ protocol: 'ws', ...settings }), filesHard);
    const isTold = settings['connections'] === '6k' && filesHard === 6000 && lack !== undefined && !settings['engine'];
    assert.deepEqual(warnings, isTold ? [toWarning('WENGINE', { engine: 'epoll', why: lack })] : []);
    return drive.engine;
  };
  assert.equal(await engineFor({ connections: '6k' }, 6000), many);
  assert.equal(await engineFor({ connections: '5k' }, 6000), 'epoll');
  assert.equal(await engineFor({ connections: '6k' }, 20_000), 'epoll');
  assert.equal(await engineFor({ connections: '6k' }, null), 'epoll', 'a limit that nobody knows is none');
  assert.equal(await engineFor({ connections: '6k', engine: 'epoll' }, 6000), 'epoll', 'as asked for');
});

test('the epoll engine is refused with wss then, since node:tls has no sockets of it', async () => {
  const refused = await choose(parseRunConfig({ protocol: 'wss', engine: 'epoll' })).catch((error: unknown) => error);
  assert.ok(refused instanceof RigError);
  assert.equal(refused.code, 'EUSAGE');
  assert.match(refused.message, /--engine epoll: TLS needs OpenSSL for it: OpenSSL has no SSL_new here/);
  assert.equal(refused.hint, '--engine node');
});

test('what node:tls knows no cipher or group by is refused before anything starts', async () => {
  for (const options of [{ 'tls-ciphers': 'NO-SUCH-CIPHER' }, { 'tls-groups': 'no-such-group' }]) {
    const refused = await choose(parseRunConfig({ protocol: 'wss', ...options })).catch((error: unknown) => error);
    assert.ok(refused instanceof RigError, JSON.stringify(options));
    assert.match(refused.message, /^.*--tls-ciphers, --tls-groups: /);
  }
});
