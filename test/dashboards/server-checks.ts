/** What each query of the dashboard "server" must answer, by the run against that server and by its own pages. */
import assert from 'node:assert/strict';
import { METERS } from '../../core/schemas/readings.ts';
import { median } from '../../core/stats/slope.ts';
import type { METER, SERVER_QUERIES } from '../../dashboards/grafana/queries/server.ts';
import { assertAll, assertNear, lastOf, most, only, summed, theValue, total, valuesOf } from './answers.ts';
import { type Facts, findLegProgress } from './facts.ts';
import { KERNEL_CHECKS } from './machine-checks.ts';
import { assertBurst, RATES } from './per-leg.ts';

/** What a server is asked before and after a run against it. */
export interface ServerFacts extends Facts {
  readonly version: string;
  readonly connectionLimit: number;
  readonly descriptorLimit: number;
  /** Payload that went each way, in bytes, as its census has it. */
  readonly payloadBytes: number;
  /** Meters that had no answer for `connrig meter`. */
  readonly missing: readonly string[];
}

type Check = (answer: Parameters<(typeof KERNEL_CHECKS)['host']>[0], facts: ServerFacts) => void;
type ChecksOf<G> = { readonly [K in keyof G]: Check };

const top = ({ summary }: Facts): number => summary.legs[0]!.peakOpen;
const bytes: Check = (answer) => assertAll([only(answer)], (value) => value > 1e6 && value < 2e9, 'bytes');
const share: Check = (answer) => assertAll(answer, (value) => value >= 0 && value < 1.5, 'seconds a second');
const assertPlausibleCost = (each: number): void =>
  assert.ok(each > 500 && each < 100_000, `${each} bytes per connection`);
const several: Check = (answer) => assertAll(answer, (value) => value >= 0, 'counts');

export const SERVER_CHECKS: ChecksOf<typeof SERVER_QUERIES> = {
  info: (answer, { version }) => assert.equal(theValue(answer, { version, role: 'serve' }), 1),
  // Asked for while all connections are open.
  openNow: (answer, facts) => {
    assert.equal(theValue(answer, { protocol: 'ws' }), top(facts));
    assert.equal(theValue(answer, { protocol: 'tcp' }), 0);
  },
  perConnection: (answer) => assertPlausibleCost(theValue(answer)),
  limit: (answer, { connectionLimit }) => assert.equal(theValue(answer), connectionLimit),
  processes: (answer) => assert.equal(theValue(answer), 1),
  open: (answer, facts) => assert.equal(most(only(answer, { protocol: 'ws' })), top(facts)),
  handshaking: (answer, facts) => assertAll(answer, (count) => count >= 0 && count <= top(facts), 'handshaking'),
  accepted: (answer, facts) => {
    assertNear(total(only(answer, { protocol: 'ws' })), facts.summary.legs[0]!.attempts, RATES, 'accepted');
    assert.equal(total(only(answer, { protocol: 'tcp' })), 0);
  },
  closed: (answer, facts) => {
    const { counts } = findLegProgress(facts, 'ws');
    assertBurst(summed(answer), counts.closed, 'closed');
    assert.ok(answer.every(({ labels }) => labels['protocol'] === 'ws'));
  },
  received: (answer, facts) =>
    assertNear(total(only(answer, { protocol: 'ws' })), facts.payloadBytes, RATES, 'received'),
  sent: (answer, facts) => assertNear(total(only(answer, { protocol: 'ws' })), facts.payloadBytes, RATES, 'sent'),
  rss: bytes,
  idle: bytes,
  heapUsed: bytes,
  heapTotal: bytes,
  external: (answer) => assertAll([only(answer)], (value) => value > 0, 'external'),
  // Below nothing for a moment, where few are open and a collection has freed what start-up left.
  perConnectionOverTime: (answer) => assertPlausibleCost(median(valuesOf(only(answer)))),
  allOpen: (answer, facts) => assert.equal(most(only(answer)), top(facts)),
  // Garbage included: more than what is left after a collection, and not by orders.
  aboveIdle: (answer, facts) => {
    const user = facts.summary.legs[0]!.perConnection!.user!.bytes * top(facts);
    assert.ok(most(only(answer)) > 0.5 * user && most(only(answer)) < 50e6 + 20 * user, `${most(only(answer))} bytes`);
  },
  cpu: (answer) => {
    assertAll([only(answer)], (value) => value >= 0 && value < 16, 'processor');
    assert.ok(total(only(answer)) > 0.1);
  },
  loop: share,
  gc: share,
  gcRuns: (answer) => assert.ok(total(only(answer, { kind: 'major' })) >= 2, 'forced ones at each level'),
  loopDelay: (answer) =>
    assert.ok(answer.length >= 9 && total(answer.find(({ labels }) => labels['le'] === '+Inf')!) > 100),
  fds: (answer, facts) => assert.ok(most(only(answer)) >= top(facts) && most(only(answer)) <= facts.descriptorLimit),
  fdsLimit: (answer, { descriptorLimit }) => assertAll([only(answer)], (value) => value === descriptorLimit, 'limit'),
  sockets: KERNEL_CHECKS.sockets,
  buffers: KERNEL_CHECKS.buffers,
  bufferLimits: KERNEL_CHECKS.bufferLimits,
  overflows: several,
  drops: several,
  scrapes: share,
};

export const METER_CHECKS: ChecksOf<typeof METER> = {
  missing: (answer, { missing }) => {
    assert.deepEqual(answer.map(({ labels }) => labels['meter']).toSorted(), missing.toSorted());
  },
  memory: (answer, facts) => {
    const grown = most(only(answer, { component: 'anon' })) - facts.summary.legs[0]!.baselineBytes!;
    const { bytes: each } = facts.summary.legs[0]!.perConnection!.user!;
    assert.ok(grown > 0.5 * each * top(facts), `${grown} bytes more than without connections`);
    assert.ok(most(only(answer, { component: 'rss' })) > most(only(answer, { component: 'anon' })));
  },
  cgroup: (answer, { missing }) => {
    if (missing.includes('cgroup')) return assert.deepEqual(answer, []);
    assertAll([only(answer, { component: 'current' })], (value) => value > 1e6, 'charged');
  },
  exclusive: (answer, { missing }) => {
    if (missing.includes('cgroup')) return assert.deepEqual(answer, []);
    // The test itself is in it.
    assert.equal(theValue(answer), 0);
  },
  cpu: (answer) => assert.ok(total(only(answer)) > 0.1),
  processes: (answer) => assertAll([only(answer)], (count) => count === 1, 'processes'),
  fds: (answer, facts) => assert.ok(most(only(answer)) >= top(facts)),
  objects: (answer, facts) => {
    if (facts.missing.includes('slab')) return assert.deepEqual(answer, []);
    assert.ok(most(only(answer, { cache: 'filp' })) >= 2 * top(facts));
  },
  objectBytes: (answer, facts) => {
    if (facts.missing.includes('slab')) return assert.deepEqual(answer, []);
    const { tcpSock } = facts.summary.legs[0]!.perConnection!.components;
    const sockets = answer.filter(({ labels }) => labels['cache']!.startsWith('TCP'));
    assert.ok(most(summed(sockets)) >= 2 * top(facts) * tcpSock! * 0.95);
  },
  host: KERNEL_CHECKS.host,
  readSeconds: (answer) => assertAll([only(answer)], (seconds) => seconds > 0 && seconds < 5, 'reading'),
  answers: (answer) => {
    assertAll(answer, (seconds) => seconds >= 0 && seconds < 5, 'answers');
    assert.ok(answer.every(({ labels }) => (METERS as readonly string[]).includes(labels['meter']!)));
    assert.ok(lastOf(only(answer, { meter: 'target' })) > 0 && valuesOf(answer[0]!).length > 5);
  },
};
