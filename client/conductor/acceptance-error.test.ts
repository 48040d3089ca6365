import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Taken } from '../../core/ledger/taken.ts';
import type { ListenCounters } from '../../memory/listen-counters.ts';
import { explainLack, type Lack } from './acceptance-error.ts';

const QUIET: ListenCounters = {
  ListenOverflows: 0,
  ListenDrops: 0,
  SyncookiesSent: 0,
  SyncookiesRecv: 0,
  SyncookiesFailed: 0,
  TCPDeferAcceptDrop: 0,
};
const taken = (connections: number, more: Partial<Taken> = {}): Taken => ({
  connections,
  queued: 0,
  requests: 0,
  by: 'sockets',
  ...more,
});
const lackOf = (more: Partial<Lack>): Lack => ({
  url: 'tcp://h:1',
  level: 300,
  timeoutMs: 2000,
  taken: taken(93),
  counters: QUIET,
  backlog: { most: 5, drops: 0 },
  descriptors: { maxFds: 1000, highestRatio: 0.3 },
  ...more,
});

for (const [what, more, code, sentence] of [
  [
    'a queue that overflowed, and SYN cookies',
    {
      counters: { ...QUIET, ListenOverflows: 200, SyncookiesSent: 207 },
      backlog: { most: 5, drops: 200 },
    },
    'EBACKLOG',
    /^tcp:\/\/h:1 has 93 of 300 connections, and has taken no more for 2\.00 s: its accept queue, of 5, overflowed; of others only their clients know \(SYN cookies\)$/,
  ],
  [
    'a queue that overflowed, and requests that are asked again',
    { taken: taken(93, { requests: 30 }), counters: { ...QUIET, ListenOverflows: 60 }, backlog: null },
    'EBACKLOG',
    /: its accept queue overflowed$/,
  ],
  [
    'overflows of a neighbour, while the own listener has dropped none',
    { counters: { ...QUIET, ListenOverflows: 60 } },
    'ETARGETFULL',
    /: the others have no other end in the kernel$/,
  ],
  [
    'deferred accept',
    { taken: taken(0, { requests: 300 }), counters: { ...QUIET, TCPDeferAcceptDrop: 300 } },
    'EDEFERRED',
    /^tcp:\/\/h:1 has none of 300 connections, .* keeps 300 back until their first bytes come \(TCP_DEFER_ACCEPT\)$/,
  ],
  [
    'no descriptor left, whatever the queue says',
    {
      taken: taken(236, { queued: 64 }),
      descriptors: { maxFds: 250, highestRatio: 1 },
      counters: { ...QUIET, SyncookiesSent: 9 },
    },
    'ETARGETFULL',
    /^tcp:\/\/h:1 has 236 of 300 .*: all of its open files are taken$/,
  ],
  [
    'a queue that nobody takes more from',
    { taken: taken(100, { queued: 200 }), backlog: { most: 511, drops: 0 } },
    'ETARGETFULL',
    /: 200 wait in its accept queue, of 511$/,
  ],
  [
    'a queue that nobody has taken any from',
    { taken: taken(0, { queued: 300 }), backlog: null },
    'ETIMEDOUT',
    /^tcp:\/\/h:1 has none of 300 connections, .*: 300 wait in its accept queue$/,
  ],
  [
    'files that do not grow',
    { taken: taken(3, { by: 'files' }), counters: null, backlog: null },
    'ETARGETFULL',
    /^tcp:\/\/h:1 has 3 of 300 connections, by its open files, .*: the others took no open file there$/,
  ],
] as const) {
  test(`what keeps a target from having all: ${what}`, () => {
    const error = explainLack(lackOf(more));
    assert.equal(error.code, code);
    assert.match(error.message, sentence);
    assert.ok(error.hint.length > 0 && error.exitCode === 4);
  });
}

test('the hint for deferred accept can be pasted', () => {
  const { hint } = explainLack(
    lackOf({ taken: taken(0, { requests: 300 }), counters: { ...QUIET, TCPDeferAcceptDrop: 300 } }),
  );
  assert.match(hint, /^--send-on-open 'PING\\r\\n', .*--behaviour heartbeat:2s$/);
});
