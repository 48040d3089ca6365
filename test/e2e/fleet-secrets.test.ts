/** A fleet whose Redis is over TLS and lets it in as a user of few rights; nothing that is secret lies there, or stands anywhere else. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { loadRedis } from '../../fleet/remote/load.ts';
import { listen } from '../../telemetry/listen.ts';
import { type Authority, makeAuthority, type PairOfFiles } from '../support/certificates.ts';
import {
  assertFailed,
  assertWentThrough,
  HASTY,
  newFolder,
  readEvents,
  type Started,
  type StartOptions,
  startConnrig,
} from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { HOST } from '../support/peers.ts';
import { startRedisServer } from '../support/redis.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = {
  timeout: 300_000,
  skip: process.platform === 'linux' ? needs('redis-server', 'openssl') : 'needs /proc',
};
const PASSWORD = 'password-of-redis';
const OBSERVER = 'password-of-observer';
const TOKEN = 'token-of-the-fleet';
const KEY_OF_ALL = 'key-that-all-show';
/** The line of docs/fleet.md. */
const [, RIGHTS = ''] =
  / (~\{connrig\}:\* .*)$/m.exec(readFileSync(new URL('../../../docs/fleet.md', import.meta.url), 'utf8')) ?? [];

/** One over TLS alone, and all that is asked of it by those who are a fleet. */
async function startSecuredRedis(t: TestContext, authority: Authority) {
  const { certPath, keyPath } = authority.issue();
  const aclPath = join(authority.folder, 'users.acl');
  assert.match(RIGHTS, /\+@write/);
  const users = [
    `user default off`,
    `user fleet on >${PASSWORD} ${RIGHTS}`,
    `user observer on >${OBSERVER} ~* &* +@all`,
  ];
  writeFileSync(aclPath, `${users.join('\n')}\n`);
  const tls = ['--tls-cert-file', certPath, '--tls-key-file', keyPath, '--tls-ca-cert-file', authority.caPath];
  const only = ['--port', '0', '--tls-port', 'PORT', '--tls-auth-clients', 'no', '--aclfile', aclPath];
  const { url } = await startRedisServer(t, [...only, ...tls]);
  const at = url.replace('redis://', '');
  const ca = readFileSync(authority.caPath, 'utf8');
  const { connect } = await loadRedis(`rediss://observer:${OBSERVER}@${at}`, ca);
  const observer = connect();
  const monitor = await observer.monitor();
  t.after(() => {
    observer.disconnect();
    monitor.disconnect();
  });
  const said: string[] = [];
  monitor.on('monitor', (_time: string, args: string[]) => {
    said.push(args.join(' '));
    // What is sealed is in base64 besides.
    for (const [coded] of args.join(' ').matchAll(/[A-Za-z0-9+/]{40,}={0,2}/g))
      said.push(Buffer.from(coded, 'base64').toString('latin1'));
  });
  return { url: `rediss://fleet@${at}`, observer, all: () => said.join('\n') };
}

/** A server over TLS that lets in those with a certificate, and refuses one request by the words that it was asked with. */
async function startTarget(t: TestContext, authority: Authority) {
  const { certPath, keyPath } = authority.issue();
  const files = { cert: readFileSync(certPath), key: readFileSync(keyPath), ca: readFileSync(authority.caPath) };
  const asked = new Map<string, Set<string>>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const who = (request.socket as TLSSocket).getPeerCertificate().subjectaltname ?? '';
    const { authorization = '', 'x-key': key = '' } = request.headers;
    const before = asked.get(who);
    asked.set(who, (before ?? new Set()).add(`${authorization} ${key}`));
    if (before === undefined) response.writeHead(403, `not with ${authorization} and ${key}`);
    response.end();
  };
  const server = createServer({ ...files, requestCert: true, rejectUnauthorized: true }, answer);
  server.keepAliveTimeout = 600_000;
  server.on('tlsClientError', () => {});
  const port = await listen(server, HOST, 0, 511);
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://localhost:${port}/`, asked };
}

const commandLineOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8');

/** Everything in a run folder. */
const writtenIn = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
    .join('\n');

async function startWorker(
  t: TestContext,
  name: string,
  args: readonly string[],
  options: StartOptions,
): Promise<Started> {
  const worker = startConnrig(t, ['worker', '--name', name, '--lock-time', '20s', ...args], {
    ...options,
    deadlineMs: 280_000,
  });
  await eventually(() => /waits for a share/.test(worker.stderr()), `${name} to wait`, 60_000);
  return worker;
}

describe('secrets of a fleet', () => {
  it('are in no job, message, record and command line; each worker has its own', TIMEOUT, async (t) => {
    const authority = makeAuthority(t);
    const redis = await startSecuredRedis(t, authority);
    const target = await startTarget(t, authority);
    const file = (name: string, text: string): string => {
      writeFileSync(join(authority.folder, name), text);
      return `@${join(authority.folder, name)}`;
    };
    const [token, password] = [file('token', `${TOKEN}\n`), file('password', PASSWORD)];
    const secretsOf = { one: 'secret-of-worker-one', two: 'secret-of-worker-two' };
    const pairs: PairOfFiles[] = [];
    const workers: Started[] = [];
    for (const name of ['one', 'two'] as const) {
      const pair = authority.issue({ names: [`DNS:${name}`] });
      pairs.push(pair);
      const args = ['--redis', redis.url, '--redis-ca', authority.caPath, '--fleet-token', token];
      workers.push(
        await startWorker(
          t,
          name,
          [...args, '--redis-password', password, '--cert', pair.certPath, '--key', pair.keyPath],
          { env: { FLEET_TEST_SECRET: secretsOf[name] } },
        ),
      );
    }
    const folder = newFolder(t);
    const run = startConnrig(
      t,
      [
        ...[
          'run',
          target.url,
          '--fleet',
          '--fleet-workers',
          '2',
          '--fleet-token',
          token,
          '--redis-ca',
          authority.caPath,
        ],
        ...['--ca', authority.caPath, '--header', 'Authorization: Bearer {env:FLEET_TEST_SECRET}'],
        ...['--header', `X-Key: ${KEY_OF_ALL}`, '--connections', '60', '--levels', '1', ...HASTY, '--out', folder],
      ],
      { env: { CONNRIG_REDIS: redis.url, CONNRIG_REDIS_PASSWORD: PASSWORD } },
    );
    const lines = [run.pid, ...workers.map(({ pid }) => pid)].map(commandLineOf).join('\n');
    const ended = await run.ended;
    assertWentThrough(ended);
    assert.deepEqual([...target.asked].map(([who, what]) => [who, [...what]]).sort(), [
      ['DNS:one', [`Bearer ${secretsOf.one} ${KEY_OF_ALL}`]],
      ['DNS:two', [`Bearer ${secretsOf.two} ${KEY_OF_ALL}`]],
    ]);
    const refusals = readEvents(folder).flatMap((event) => (event.type === 'trouble' ? [event.detail] : []));
    assert.ok(
      refusals.some((detail) => detail.includes('not with Bearer *** and ***')),
      refusals.join('\n'),
    );
    const inRedis = redis.all();
    assert.match(inRedis, /orders/);
    const keyLines = pairs.map(({ keyPath }) => readFileSync(keyPath, 'utf8').split('\n')[1]!);
    const texts = { inRedis, folder: writtenIn(folder), ...ended, ...workers.map((worker) => worker.stderr()) };
    for (const secret of [...Object.values(secretsOf), KEY_OF_ALL, TOKEN, PASSWORD, ...keyLines, 'PRIVATE KEY'])
      for (const [where, text] of Object.entries(texts))
        assert.ok(!String(text).includes(secret), `${secret}: ${where}`);
    for (const secret of [TOKEN, PASSWORD, ...Object.values(secretsOf)]) assert.ok(!lines.includes(secret), secret);
    assert.deepEqual(await redis.observer.acl('LOG'), [], 'these rights are enough');
    for (const worker of workers) {
      worker.child.kill('SIGTERM');
      assert.equal((await worker.ended).code, 0, worker.stderr());
    }
  });

  it('a worker that lacks a variable refuses its share, by name', TIMEOUT, async (t) => {
    const { url } = await startRedisServer(t);
    const env = { CONNRIG_FLEET_TOKEN: TOKEN, CONNRIG_REDIS: url };
    const worker = await startWorker(t, 'one', [], { env });
    const args = ['run', 'ws://127.0.0.1:9', '--fleet', '--header', 'Authorization: Bearer {env:FLEET_TEST_SECRET}'];
    const plan = ['--connections', '20', '--levels', '1', ...HASTY, '--force', '--out', newFolder(t)];
    const run = startConnrig(t, [...args, ...plan], { env });
    const ended = await run.ended;
    assertFailed(ended, 3, 'EFLEETENV', /refuses its share: the environment of one on \S+ has no FLEET_TEST_SECRET/);
    assert.match(ended.stderr, /export FLEET_TEST_SECRET=… there before connrig worker/);
    assert.match(worker.stderr(), /EFLEETENV: the environment of one/);
  });
});
