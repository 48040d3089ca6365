import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RigError } from '../../core/values/errors.ts';
import { WIRE_VERSION } from '../wire.ts';
import { refuseForeign } from './allowed.ts';
import { type OpenShare, openPlan, readShare, type SharePlan, signShare } from './share-plan.ts';

const PLAN: SharePlan = {
  layout: { engine: 'epoll', loopback: false, workers: 2 },
  takes: { bytes: { uring: 4500, node: 9000, epoll: 4500 }, ports: 1 },
  markedRun: 7,
  secrets: [],
  protocol: { name: 'ws', path: '/a', hostHeader: 'b' },
  window: 64,
  closeWindow: 64,
  openTimeoutMs: 10_000,
  closeTimeoutMs: 5000,
  destinations: [{ ip: '10.0.0.1', port: 80 }],
  close: 'graceful',
  behaviour: { kind: 'idle' },
  opening: {
    before: [],
    messageEnd: Uint8Array.of(0, 10, 255),
    codec: undefined,
    module: undefined,
    steps: [
      {
        kind: 'send',
        message: {
          bytes: { parts: [Uint8Array.from(Buffer.from('hé')), { kind: 'number', inside: 'text' }] },
          isText: true,
        },
      },
    ],
    rules: [],
  },
};
const UNSIGNED: OpenShare = {
  wire: WIRE_VERSION,
  version: '1.2.3',
  run: 'run-1',
  epoch: 0,
  share: 0,
  shares: 2,
  capacity: 100,
  plan: PLAN,
};

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return error instanceof RigError ? error.code : String(error);
  }
  return 'taken';
};

test('a plan is the same on the other side', () => {
  for (const token of ['token', undefined]) {
    const job = signShare(UNSIGNED, token);
    // As a queue keeps it.
    const kept: unknown = JSON.parse(JSON.stringify(job));
    const { opening, ...plan } = openPlan(readShare(kept, '1.2.3', token), token);
    assert.deepEqual({ ...plan, opening: PLAN.opening }, PLAN);
    assert.deepEqual(opening?.messageEnd, PLAN.opening?.messageEnd);
    assert.deepEqual(opening?.steps, PLAN.opening?.steps);
  }
  assert.equal(Buffer.from(signShare(UNSIGNED, 'token').plan, 'base64').includes('10.0.0.1'), false, 'it is sealed');
});

test('only a share of one with the token is taken, as it was signed', () => {
  const signed = signShare(UNSIGNED, 'token');
  const read = (job: unknown, token?: string): string => codeOf(() => readShare(job, '1.2.3', token));
  assert.equal(read(signed, 'token'), 'taken');
  assert.equal(read(signed, 'another'), 'EFLEETTOKEN');
  assert.equal(read(signed, undefined), 'EFLEETTOKEN');
  assert.equal(read(signShare(UNSIGNED, undefined), 'token'), 'EFLEETTOKEN');
  for (const change of [
    { capacity: 1e6 },
    { run: 'run-2' },
    { epoch: 1 },
    { share: 1 },
    { shares: 3 },
    { plan: '' },
    { more: 1 },
  ])
    assert.equal(read({ ...signed, ...change }, 'token'), 'EFLEETTOKEN', JSON.stringify(change));
});

test('what is no share of this version is refused by name', () => {
  assert.throws(
    () => readShare({ ...UNSIGNED, version: '1.2.4' }, '1.2.3', undefined),
    /the run is of connrig 1\.2\.4, this worker of 1\.2\.3/,
  );
  assert.equal(
    codeOf(() => readShare({ version: '1.2.3' }, '1.2.3', undefined)),
    'EFLEETPLAN',
  );
  // Before anything else it is looked whose it is.
  assert.equal(
    codeOf(() => readShare({ version: '1.2.4' }, '1.2.3', 'token')),
    'EFLEETTOKEN',
  );
  assert.equal(
    codeOf(() => readShare(null, '1.2.3', undefined)),
    'EFLEETVERSION',
  );
  assert.equal(
    codeOf(() => openPlan({ ...signShare(UNSIGNED, undefined), plan: 'AAAA' }, undefined)),
    'EFLEETPLAN',
  );
});

test('a worker runs no module of others', () => {
  const plan = { ...PLAN, opening: { ...PLAN.opening!, module: 'data:text/javascript,process.exit(1)' } };
  assert.equal(
    codeOf(() => openPlan(signShare({ ...UNSIGNED, plan }, 'token'), 'token')),
    'EFLEETPLAN',
  );
});

test('a plan is opened for its own share alone', () => {
  const [one, other] = [0, 1].map((share) => signShare({ ...UNSIGNED, share }, 'token'));
  assert.equal(
    codeOf(() => openPlan({ ...one!, plan: other!.plan }, 'token')),
    'EFLEETTOKEN',
  );
});

const ADDRESSES: ReadonlyArray<[string, readonly string[] | undefined, boolean]> = [
  ['127.0.0.1', undefined, true],
  ['10.1.2.3', undefined, true],
  ['::ffff:10.1.2.3', undefined, true],
  ['fe80::1%eth0', undefined, true],
  ['8.8.8.8', undefined, false],
  ['2001:4860:4860::8888', undefined, false],
  ['8.8.8.8', ['8.8.8.0/24'], true],
  ['8.8.9.8', ['8.8.8.0/24', '2001:db8::/32'], false],
  ['2001:db8::1', ['8.8.8.0/24', '2001:db8::/32'], true],
  // What is said takes the place of what is so by default.
  ['127.0.0.1', ['8.8.8.0/24'], false],
];
for (const [ip, allowed, isTaken] of ADDRESSES) {
  test(`connections to ${ip} are ${isTaken ? 'opened' : 'refused'} where ${allowed ?? 'nothing'} is allowed`, () => {
    assert.equal(
      codeOf(() => refuseForeign([{ ip, port: 80 }], allowed)),
      isTaken ? 'taken' : 'EFLEETALLOW',
    );
  });
}

test('a Unix socket is refused', () => {
  assert.equal(
    codeOf(() => refuseForeign([{ path: '/run/a.sock' }], undefined)),
    'EFLEETALLOW',
  );
});
