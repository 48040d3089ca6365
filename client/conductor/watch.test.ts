import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProtocolName } from '../../core/protocols/names.ts';
import { bucketOf, lowestOf } from '../../core/stats/histogram.ts';
import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import { CLOSE_REASONS, type CloseReason, type Outcome, zeroOutcomes } from '../../core/values/outcomes.ts';
import { TALLY_FIELDS, type Tally, type TallyField } from '../../fleet/wire.ts';
import { check, interrupted, type Watched, waitFor } from './watch.ts';

/** Counts as a fleet would show them after these outcomes and closes. */
function tallyOf(outcomes: Partial<Record<Outcome, number>>, closes: Partial<Record<CloseReason, number>> = {}): Tally {
  const all = { ...zeroOutcomes(), ...outcomes };
  const sum = (counts: object): number => Object.values(counts).reduce((total: number, one: number) => total + one, 0);
  const closed = sum(closes);
  return {
    ...(Object.fromEntries(TALLY_FIELDS.map((name) => [name, 0])) as Record<TallyField, number>),
    attempts: sum(all),
    open: all.open - closed,
    failed: sum(all) - all.open,
    closed,
    outcomes: all,
    statuses: { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
    closeReasons: {
      ...(Object.fromEntries(CLOSE_REASONS.map((name) => [name, 0])) as Tally['closeReasons']),
      ...closes,
    },
  };
}

const watched = (tally: Tally, more: Partial<Watched> = {}): Watched => ({
  url: 'ws://h:1',
  protocol: 'ws',
  planned: 5000,
  signal: new AbortController().signal,
  tally: () => tally,
  troubles: () => [],
  targetDeath: () => undefined,
  oomKills: () => undefined,
  defect: () => undefined,
  progress: () => ({ losses: null, failedAfter: [], ownLag: [] }),
  ...more,
});

async function errorOf(tally: Tally, wanted = 5000, more: Partial<Watched> = {}): Promise<RigError | undefined> {
  try {
    await check(wanted, watched(tally, more));
    return undefined;
  } catch (error) {
    assert.ok(error instanceof RigError, String(error));
    return error;
  }
}

const FINE: ReadonlyArray<[string, Tally, number]> = [
  ['nothing happened yet', tallyOf({}), 5000],
  ['all opened', tallyOf({ open: 5000 }), 5000],
  ['all closed by us', tallyOf({ open: 5000 }, { 'by-us': 5000 }), 5000],
  ['50 of 5,000 failed', tallyOf({ open: 4000, refused: 50 }), 5000],
  ['50 of 5,000 were lost', tallyOf({ open: 4000 }, { reset: 25, 'by-peer': 25 }), 5000],
  ['49 failed and none opened yet', tallyOf({ refused: 49 }), 5000],
  ['what was cancelled', tallyOf({ open: 1, cancelled: 500 }), 5000],
];
for (const [name, tally, wanted] of FINE) {
  test(`the leg goes on: ${name}`, async () => assert.equal(await errorOf(tally, wanted), undefined));
}
test('a large plan tolerates 1 % of it', async () => {
  const tally = tallyOf({ open: 90_000, 'timed-out': 999 });
  assert.equal(await errorOf(tally, 100_000, { planned: 100_000 }), undefined);
  const one = tallyOf({ open: 90_000, 'timed-out': 1001 });
  assert.equal((await errorOf(one, 100_000, { planned: 100_000 }))?.code, 'ETARGETFULL');
});

test('what failed while a warm-up tried more than was asked for ends nothing, and what fails beyond it does', async () => {
  const tally = tallyOf({ open: 1000, reset: 299 });
  assert.equal(await errorOf(tally, 5000, { pardoned: () => 249 }), undefined);
  assert.equal((await errorOf(tally, 5000, { pardoned: () => 248 }))?.code, 'ETARGETFULL');
});

const ENDED: ReadonlyArray<[string, Tally, ErrorCode, RegExp]> = [
  ['all refused', tallyOf({ refused: 50 }), 'EREFUSED', /^ws:\/\/h:1: the connection was refused$/],
  ['all timed out', tallyOf({ 'timed-out': 50 }), 'ETIMEDOUT', /do not become usable in time$/],
  ['all reset', tallyOf({ reset: 50 }), 'EHANDSHAKE', /are reset before they are usable$/],
  ['all closed early', tallyOf({ 'closed-early': 50 }), 'EHANDSHAKE', /are closed before/],
  ['all rejected', tallyOf({ rejected: 50 }), 'EREJECTED', /was rejected$/],
  ['no handshake', tallyOf({ 'bad-handshake': 50 }), 'EHANDSHAKE', /no WebSocket handshake$/],
  ['no route', tallyOf({ unreachable: 50 }), 'EUNREACHABLE', /cannot be reached$/],
  ['no ports', tallyOf({ 'no-ports': 50 }), 'EPORTS', /no local port left/],
  ['no memory', tallyOf({ 'no-memory': 50 }), 'EMEMORY', /no memory left for its sockets/],
  ['no descriptors', tallyOf({ 'no-fds': 50 }), 'EFILES', /the client may have no more open files/],
  ['something else', tallyOf({ error: 50 }), 'EUNREACHABLE', /connections fail$/],
  ['the most frequent failure names it', tallyOf({ refused: 20, 'timed-out': 31 }), 'ETIMEDOUT', /usable in time$/],
  [
    'full at 1,000',
    tallyOf({ open: 1000, refused: 51 }),
    'ETARGETFULL',
    /stopped accepting at 1,000 open connections: refused$/,
  ],
  [
    'one at a time',
    tallyOf({ open: 1, 'timed-out': 51 }),
    'ETARGETFULL',
    /stopped accepting at 1 open connection: timed-out$/,
  ],
  ['our own ports ran out', tallyOf({ open: 1000, 'no-ports': 51 }), 'EPORTS', /no local port left/],
  ['our own memory ran out', tallyOf({ open: 1000, 'no-memory': 51 }), 'EMEMORY', /no memory left/],
  [
    'our own descriptors ran out',
    tallyOf({ open: 1000, 'no-fds': 51 }),
    'EFILES',
    /the client may have no more open files/,
  ],
  ['dropped', tallyOf({ open: 1000 }, { reset: 900 }), 'EDROPPED', /dropped 900 of 1,000 open connections: reset$/],
  [
    'flooded',
    tallyOf({ open: 71 }, { flood: 51 }),
    'EGENERATOR',
    /^ws:\/\/h:1 sends more than this client can read: 51 of 71 open connections had to be given up: flood$/,
  ],
  [
    'what is sent to it is not taken',
    tallyOf({ open: 71 }, { 'slow-reader': 51, reset: 3 }),
    'EDROPPED',
    /does not take what it is sent: 51 of 71 open/,
  ],
  [
    'its messages are too large',
    tallyOf({ open: 71 }, { 'too-large': 51 }),
    'EDROPPED',
    /sends messages that are larger than this client takes: 51 of 71 open/,
  ],
  [
    'it breaks the protocol',
    tallyOf({ open: 71 }, { 'protocol-error': 51 }),
    'EDROPPED',
    /^ws:\/\/h:1 broke the protocol: 51 of 71 open connections had to be given up: protocol-error$/,
  ],
  ['dropped, then refused', tallyOf({ open: 1000, refused: 60 }, { 'by-peer': 1000 }), 'EDROPPED', /by-peer$/],
];
for (const [name, tally, code, wanted] of ENDED) {
  test(`the leg is given up: ${name}`, async () => {
    const error = await errorOf(tally);
    assert.equal(error?.code, code);
    assert.match(error.message, wanted);
    assert.notEqual(error.hint, '');
  });
}

test('a target that takes its connections in turn is asked about threads, others about limits', async () => {
  const hintAt = async (open: number) => (await errorOf(tallyOf({ open, 'timed-out': 51 })))!.hint;
  assert.match(await hintAt(1), /^does it serve one connection at a time\?/);
  assert.match(await hintAt(8), /^does it serve 8 connections at a time, as with 8 threads\?/);
  assert.match(await hintAt(1000), /^raise the limits of the target/);
});

test('a target that no longer takes who signs in is asked about the later rows', async () => {
  const hintOf = async (what: 'rejected' | 'opening-refused', detail: string) =>
    (await errorOf(tallyOf({ open: 10, [what]: 51 }), 5000, { troubles: () => [{ what, detail }] }))!.hint;
  const rows = /^does it take the later rows of --data\? connrig try <target> --row <number> tells/;
  assert.match(await hintOf('rejected', 'HTTP 401 Unauthorized'), rows);
  assert.match(await hintOf('rejected', 'HTTP 403 Forbidden'), rows);
  assert.match(await hintOf('opening-refused', 'step 1 of 1 expects x: the server said "y"'), rows);
  assert.match(await hintOf('rejected', 'HTTP 503 Service Unavailable'), /^raise the limits of the target/);
});

test('when only a few are wanted, as many failures as that are enough', async () => {
  assert.equal((await errorOf(tallyOf({ refused: 3 }), 3))?.code, 'EREFUSED');
  assert.equal(await errorOf(tallyOf({ refused: 2 }), 3), undefined);
});

/** Times of as many losses, all in this bucket, over a while. */
const lostAfter = (ms: number, count: number): ReturnType<Watched['progress']> => {
  const times: Array<[number, number]> = [[lowestOf(bucketOf(ms * 1000)), count]];
  return {
    losses: { age: times, silence: times, unsaid: times, spanMs: 9000 },
    failedAfter: [],
    ownLag: [],
  };
};

test('losses that came after the same time are told as a timer, with a heartbeat that outruns it', async () => {
  const progress = () => lostAfter(5000, 900);
  const troubles = () => [{ what: 'by-peer', detail: 'FIN' } as const];
  for (const url of ['ws://h:1', 'http://h:1', 'tcp://h:1']) {
    const error = await errorOf(tallyOf({ open: 1000 }, { 'by-peer': 900 }), 5000, { url, progress, troubles });
    assert.equal(
      error!.message,
      `${url} dropped 900 of 1,000 open connections: by-peer (FIN), each 5.0 s after it opened: it closes what rests`,
    );
    assert.match(error!.hint, /^--behaviour heartbeat:2s keeps them in use/);
  }
  // What broke the protocol did that, whenever it was.
  const broken = await errorOf(tallyOf({ open: 1000 }, { 'protocol-error': 900 }), 5000, { progress });
  assert.match(broken!.message, /: protocol-error$/);
  assert.doesNotMatch(broken!.hint, /heartbeat/);
});

test('attempts that failed after the same time are told as met by a timer, but for our own', async () => {
  const failedAfter: Array<[number, number]> = [[lowestOf(bucketOf(3_000_000)), 50]];
  const progress = () => ({ losses: null, failedAfter, ownLag: [] });
  assert.match(
    (await errorOf(tallyOf({ rejected: 50 }), 5000, { progress }))!.message,
    /, each 3\.0 s after it was begun/,
  );
  assert.match((await errorOf(tallyOf({ 'timed-out': 50 }), 5000, { progress }))!.message, /usable in time$/);
  const counted = await errorOf(tallyOf({ 'bad-handshake': 50 }), 5000, { progress });
  assert.match(counted!.message, /no WebSocket handshake$/, '16 interim answers at one pace');
});

test('what a connection said itself is told', async () => {
  const troubles = () => [
    { what: 'refused', detail: 'connect ECONNREFUSED' } as const,
    { what: 'rejected', detail: 'HTTP/1.1 403 Forbidden' } as const,
  ];
  assert.match(
    (await errorOf(tallyOf({ rejected: 50 }), 5000, { troubles }))!.message,
    /rejected \(HTTP\/1\.1 403 Forbidden\)$/,
  );
});

const death = new RigError('ETARGETDIED', 'it was killed', { hint: 'look' });
test('a death of the target is the cause, also when it is known a moment later than its connections break', async () => {
  assert.equal(await errorOf(tallyOf({ open: 5 }), 5, { targetDeath: () => death }), death);
  let looks = 0;
  const targetDeath = () => (++looks > 1 ? death : undefined);
  assert.equal(await errorOf(tallyOf({ open: 1000 }, { reset: 900 }), 5000, { targetDeath }), death);
});

test('where the kernel killed for want of memory, that is the cause, whatever it looks like from outside', async () => {
  const kills = { processes: 1, path: '/app', limitBytes: 64 * 2 ** 20 };
  const lost = tallyOf({ open: 1500 }, { reset: 900, 'by-us': 500 });
  for (const more of [{}, { targetDeath: () => death }]) {
    const error = await errorOf(lost, 5000, { ...more, oomKills: () => kills });
    assert.deepEqual([error?.code, error?.exitCode], ['ETARGETMEMORY', 4]);
    assert.match(
      error!.message,
      /^the kernel killed a process for want of memory in the target's cgroup \/app, limited to 64\.0 MiB, at 1,000 connections to ws:\/\/h:1$/,
    );
  }
  const machine = { processes: 3, path: '/', limitBytes: null };
  const error = await errorOf(lost, 5000, { oomKills: () => machine });
  assert.match(error!.message, /killed 3 processes .* cgroup \/, without a limit of its own,/);
});

test('a process that was killed alone, with its connections soon replaced, ends no leg', async () => {
  const kills = { processes: 1, path: '/app', limitBytes: null };
  assert.equal(await errorOf(tallyOf({ open: 1000 }, { reset: 40 }), 5000, { oomKills: () => kills }), undefined);
});

test('first comes the person, then our own defect, then the target', async () => {
  const defect = new TypeError('ours');
  const all = { targetDeath: () => death, defect: () => defect };
  await assert.rejects(check(1, watched(tallyOf({ refused: 60 }), all)), defect);
  const error = await errorOf(tallyOf({ refused: 60 }), 1, { ...all, signal: AbortSignal.abort() });
  assert.deepEqual([error?.code, error?.exitCode], ['EINTERRUPTED', interrupted().exitCode]);
});

test('waiting ends when the condition holds, and not before', async () => {
  let looks = 0;
  await waitFor(() => ++looks === 5, 5, watched(tallyOf({ open: 5 })));
  assert.equal(looks, 5);
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 50);
  const waiting = waitFor(() => false, 5, watched(tallyOf({}), { signal: stopping.signal }));
  await assert.rejects(waiting, (error) => error instanceof RigError && error.code === 'EINTERRUPTED');
});

test('attempts that fail are told in the words of their protocol, with a hint that fits it', async () => {
  const reset = tallyOf({ reset: 50 });
  const of = (protocol: ProtocolName) => errorOf(reset, 5000, { url: `${protocol}://h:1`, protocol });
  assert.match((await of('ws'))!.hint, /^curl -iN -H 'Connection: Upgrade'/);
  assert.match((await of('http'))!.hint, /^curl -v <url>/);
  // No upgrade is asked of a server that speaks something else.
  assert.match((await of('tcp'))!.hint, /^read the log of the target; --send-on-open/);
  const answered = await errorOf(tallyOf({ 'bad-handshake': 50 }), 5000, { url: 'http://h:1', protocol: 'http' });
  assert.match(answered!.message, /the answer is no HTTP\/1\.1/);
});
