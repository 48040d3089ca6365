import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkMachine } from './check.ts';
import type { Finding } from './finding.ts';
import { type Need, needOf } from './machine-demand.ts';
import { readSnapshot } from './snapshot.ts';

const TURNOVER = { connections: 1000, turnoverPerSecond: 1000 };
const MACHINE = { ...(await readSnapshot()), reservedPorts: 0, timeWait: 0, timeWaitReuse: 2 };

function portsOf(need: Partial<Need>, lastPort: number, firstPort = 1): Finding {
  const has = { ...MACHINE, portRange: [firstPort, lastPort] as const };
  return checkMachine(needOf({ ...TURNOVER, ...need }), has).find(({ what }) => what === 'ports')!;
}

test('ports that a turnover leaves in TIME_WAIT count for a minute, or for a second where they are used again', () => {
  assert.equal(portsOf({}, 60_000).ok, 'fail');
  assert.equal(portsOf({}, 61_000).ok, 'ok');
  assert.equal(portsOf({ targetOnThisMachine: true }, 1999).ok, 'fail');
  assert.equal(portsOf({ targetOnThisMachine: true }, 2000).ok, 'ok');
});

test('ports of those that are cut at one moment rest while they come back: for a minute too few, for a second late', () => {
  const cut = { turnoverPerSecond: 0, cutAtOnce: 500 };
  assert.equal(portsOf(cut, 1499).ok, 'fail');
  assert.equal(portsOf(cut, 1500).ok, 'ok');
  const late = portsOf({ ...cut, targetOnThisMachine: true }, 1499);
  assert.equal(late.ok, 'warn');
  assert.match(
    late.sentence,
    /^1,000 connections and 500 ports in TIME_WAIT for 1 s \(cut at one moment, .* ports for 1,499$/,
  );
  assert.match(late.command, /^storm:…:rst, /);
  // Not even all can be open.
  assert.equal(portsOf({ ...cut, targetOnThisMachine: true }, 999).ok, 'fail');
});

test('the sum is told, with what to do', () => {
  const { sentence, command } = portsOf({}, 60_999, 32_768);
  assert.equal(
    sentence,
    '1,000 connections and 60,000 ports in TIME_WAIT (1,000 replaced a second × 60 s, as this end closes first) from 1 source to 1 destination; there are local ports for 28,232',
  );
  assert.match(command, /^churn:…:rst, .*--source with 3 addresses, or a lower turnover$/);
});
