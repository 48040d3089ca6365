import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SchemeName } from '../protocols/schemes.ts';
import { type Leg, RecordedLeg, toRecordedLeg } from './leg.ts';
import { isLegName, LegName, nameLegs } from './leg-name.ts';

const NAMES: ReadonlyArray<[schemes: SchemeName[], names: string[]]> = [
  [[], []],
  [
    ['tcp', 'ws'],
    ['tcp', 'ws'],
  ],
  [
    ['ws', 'tcp', 'ws', 'ws'],
    ['ws', 'tcp', 'ws-2', 'ws-3'],
  ],
  [
    ['ws+unix', 'ws', 'ws+unix'],
    ['ws+unix', 'ws', 'ws+unix-2'],
  ],
];

test('a leg is called by its protocol, and from the second one of a protocol on by a number as well', () => {
  for (const [schemes, names] of NAMES) {
    assert.deepEqual(nameLegs(schemes), names);
    for (const name of names) assert.ok(isLegName(name) && LegName.safeParse(name).success, name);
  }
  for (const name of ['quic', 'ws-1', 'ws-02', 'ws-', 'legs', 'ws-2.x', 'ws+unix-1', 'ws+', 'wssunix'])
    assert.ok(!isLegName(name), name);
});

test('files are called after legs, so a name has nothing in it that a path has', () => {
  for (const name of ['../up', 'a/b', 'a b', '', 'x'.repeat(41)]) assert.ok(!LegName.safeParse(name).success, name);
});

test('records without names had one leg for each protocol, and said nothing of its connections', () => {
  const old = { protocol: 'ws', warmUp: 0, levels: [10], connectsPerSecond: 5, cycles: 1 };
  const { name, url, transport, family, behaviour, close } = RecordedLeg.parse(old);
  assert.deepEqual(
    { name, url, transport, family, behaviour, close },
    {
      name: 'ws',
      url: null,
      transport: 'plain',
      family: 'inet',
      behaviour: null,
      close: null,
    },
  );
});

test('what is recorded of a leg has no secret in it, however it got there', () => {
  const leg: Leg = {
    name: 'tcp',
    url: 'tcp://h:1',
    protocol: 'tcp',
    transport: 'plain',
    family: 'inet',
    tls: null,
    behaviour: { kind: 'request', perSecond: 5, path: '/a?token=hunter2hunter2' },
    close: 'reset',
    perMessageDeflate: 'off',
    opening: null,
    warmUp: 0,
    levels: [10],
    connectsPerSecond: 5,
    cycles: 1,
  };
  const recorded = toRecordedLeg(leg);
  assert.doesNotMatch(JSON.stringify(recorded), /hunter2/);
  assert.deepEqual(recorded.behaviour, { kind: 'request', perSecond: 5, path: '/a?token=***' });
  const foreign = RecordedLeg.parse({ ...recorded, url: 'ws://h:1/?k=hunter2', behaviour: leg.behaviour });
  assert.doesNotMatch(JSON.stringify(foreign), /hunter2/);
});
