import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkMachine, type Finding } from './check.ts';
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

test('the sum is told, with what to do', () => {
  const { sentence, command } = portsOf({}, 60_999, 32_768);
  assert.equal(
    sentence,
    '1,000 connections and 60,000 ports in TIME_WAIT (1,000 replaced a second × 60 s, as this end closes first) from 1 source to 1 destination; there are local ports for 28,232',
  );
  assert.match(command, /^churn:…:rst, .*--source with 3 addresses, or a lower turnover$/);
});
