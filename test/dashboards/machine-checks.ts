/** What queries about the kernel, the target's processes and the client itself must answer, by the run's own folder. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { GENERATOR, KERNEL, RUNTIME } from '../../dashboards/grafana/queries/run.ts';
import {
  assertAll,
  assertMostlyNear,
  assertNear,
  lastOf,
  most,
  only,
  REPORT_DRAWN,
  total,
  valuesOf,
} from './answers.ts';
import { type ChecksOf, type Facts, legOf } from './facts.ts';
import { bucketsOf, inSeconds } from './flow-checks.ts';
import { lastPoint, listLegNames, pointsOf } from './per-leg.ts';

const tcpMem = (): number[] => {
  const pages = readFileSync('/proc/sys/net/ipv4/tcp_mem', 'utf8').trim().split(/\s+/).map(Number);
  return pages.map((count) => count * 4096);
};

export const KERNEL_CHECKS: ChecksOf<typeof KERNEL> = {
  sockets: (answer, facts) => {
    const top = Math.max(...facts.summary.legs.map(({ peakOpen }) => peakOpen));
    assert.ok(most(only(answer, { state: 'inuse' })) >= 2 * top, 'both ends are here');
    assert.ok(most(only(answer, { state: 'alloc' })) >= 2 * top);
    for (const state of ['orphan', 'time-wait']) assertAll([only(answer, { state })], (count) => count >= 0, state);
  },
  buffers: (answer) => assertAll([only(answer)], (bytes) => bytes >= 0 && bytes % 4096 === 0, 'buffers'),
  bufferLimits: (answer) => {
    for (const [i, threshold] of ['low', 'pressure', 'high'].entries()) {
      assertAll([only(answer, { threshold })], (bytes) => bytes === tcpMem()[i], threshold);
    }
  },
  overflows: (answer) => assertAll(answer, (rate) => rate >= 0, 'overflows'),
  drops: (answer) => assertAll(answer, (rate) => rate >= 0, 'drops'),
  rows: (answer, facts) => {
    const leg = legOf(facts, listLegNames(facts).at(-1));
    for (const component of ['tcpSock', 'socketInode', 'dentry', 'file'] as const) {
      const each = leg.perConnection!.components[component]!;
      assertNear(most(only(answer, { component })), each * leg.peakOpen, 0.05, component);
    }
  },
  rowsEach: (answer, facts) => {
    const { components } = legOf(facts, listLegNames(facts).at(-1)).perConnection!;
    for (const component of ['tcpSock', 'socketInode', 'dentry', 'file'] as const) {
      const pairs = valuesOf(only(answer, { component })).map((bytes) => [bytes, components[component]!] as const);
      assertMostlyNear(pairs, 0.05, component);
    }
  },
  host: (answer, facts) => {
    const { host } = lastPoint(facts).readings;
    assertAll([only(answer, { part: 'total' })], (bytes) => bytes === host!.totalBytes, 'total');
    assertAll([only(answer, { part: 'limit' })], (bytes) => bytes === host!.limitBytes, 'limit');
    for (const part of ['used', 'available', 'page-tables']) {
      assertAll([only(answer, { part })], (bytes) => bytes > 0 && bytes < host!.totalBytes, part);
    }
  },
};

export const RUNTIME_CHECKS: ChecksOf<typeof RUNTIME> = {
  cpu: (answer, facts) => {
    // Processor time of each leg's target since its baseline, where that is a process of its own.
    const spent = listLegNames(facts).map((_, index) => {
      const own = pointsOf(facts).filter(({ leg }) => leg === index);
      return own.at(-1)!.readings.target!.cpuSeconds - own[0]!.readings.target!.cpuSeconds;
    });
    const wanted = spent.reduce((sum, seconds) => sum + seconds, 0);
    assert.ok(total(only(answer)) > 0.5 * wanted && total(only(answer)) < 2 * wanted + 2, `${wanted} s of processor`);
  },
  processes: (answer, facts) => {
    const { pids } = lastPoint(facts).readings.target!;
    assertAll([only(answer)], (count) => count === pids.length, 'processes');
  },
  fds: (answer, facts) => {
    const top = Math.max(...facts.summary.legs.map(({ peakOpen }) => peakOpen));
    assert.ok(most(only(answer)) >= top && most(only(answer)) < top + 200);
  },
  fdsRatio: (answer, facts) => {
    const top = Math.max(...facts.summary.legs.map(({ peakOpen }) => peakOpen));
    assertNear(most(only(answer)), top / facts.run.target.descriptorLimit!, 0.1, 'share of the limit');
  },
};

const isShare = (value: number): boolean => value >= 0 && value < 1.2;

const begun = ({ summary }: Facts): number => summary.legs.reduce((sum, { attempts }) => sum + attempts, 0);

export const GENERATOR_CHECKS: ChecksOf<typeof GENERATOR> = {
  saturated: (answer, { summary }) => assert.equal(lastOf(only(answer)), Number(summary.generator.saturated)),
  lag: bucketsOf(begun),
  lagTail: inSeconds,
  cpu: (answer, { summary }) => {
    assertNear(total(only(answer)), summary.generator.cpuSeconds!, 0.35, 'seconds of processor');
  },
  loop: (answer) => assertAll([only(answer)], isShare, 'busy'),
  gc: (answer) => {
    assertAll([only(answer, { kind: 'minor' }), only(answer, { kind: 'major' })], isShare, 'collecting');
    assert.ok(total(only(answer, { kind: 'major' })) > 0, 'the client collects its own garbage before each reading');
  },
  loopDelay: (answer, { startedAt, finishedAt }) => {
    const all = answer.find(({ labels }) => labels['le'] === '+Inf');
    const looks = total(all!) / 4;
    assert.ok(looks > 5 * (finishedAt - startedAt) && looks < 60 * (finishedAt - startedAt + 20), `${looks} looks`);
  },
  rss: (answer, { summary }) => assertNear(most(only(answer)), summary.generator.rssBytes!, REPORT_DRAWN, 'resident'),
  heapUsed: (answer) => assertAll([only(answer)], (bytes) => bytes > 2e6 && bytes < 1e9, 'heap used'),
  heapTotal: (answer) => assertAll([only(answer)], (bytes) => bytes > 4e6 && bytes < 1e9, 'heap'),
  external: (answer) => assertAll([only(answer)], (bytes) => bytes > 0 && bytes < 1e9, 'external'),
  fds: (answer, facts) => {
    const tables = facts.run.generator.legs.map(({ workers, ownTables }) => (ownTables ? workers : 1));
    const fullest = Math.max(...facts.summary.legs.map(({ peakOpen }, i) => peakOpen / tables[i]!));
    assert.ok(most(only(answer)) >= fullest && most(only(answer)) < fullest + 300);
  },
  fdsLimit: (answer, { run }) => assert.equal(lastOf(only(answer)), run.environment.descriptorLimit),
  tlsObjects: (answer, facts) => {
    const secured = facts.summary.legs.filter(({ transport }) => transport === 'tls');
    assert.equal(answer.length, 2 * secured.length);
    for (const { name } of secured) {
      const shaking = only(answer, { leg: name, use: 'handshake' });
      // As many as are in their handshake, which the window bounds.
      assertAll([shaking], (objects) => objects >= 0 && objects <= 128, 'objects');
      assert.equal(lastOf(shaking), 0);
      assertAll([only(answer, { leg: name, use: 'kept' })], (objects) => objects === 0, 'kept');
    }
  },
  meters: (answer, facts) => {
    const took = pointsOf(facts).map(({ readings }) => readings.tookMs / 1000);
    assertAll(
      [only(answer)],
      (seconds) => took.some((one) => Math.abs(one - seconds) < 1e-9),
      'of one of the readings',
    );
  },
  scrapes: (answer) => assertAll([only(answer)], isShare, 'answering'),
};
