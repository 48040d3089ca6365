import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { SlowEnds } from '../behaviours/behaviour.ts';
import type { Vanished } from '../wire.ts';
import { readSlow, readVanished, SaidSlow, SaidVanished, saySlow, sayVanished } from './ends-said.ts';

const IPV6 = '20010db8000000000000000000000001';

const overJson = <Said>(said: Said): unknown => JSON.parse(JSON.stringify(said));

it('slow ends come whole, in messages of a bounded size', () => {
  const ports = Uint16Array.from({ length: 50_000 }, (_, i) => i + 10_000);
  const ends: SlowEnds[] = [
    { address: 0x0a000001, peerPort: 8080, ports },
    { address: IPV6, peerPort: 8081, ports: Uint16Array.of(1, 65_535) },
  ];
  const messages = saySlow(ends);
  assert.equal(messages.length, 4);
  for (const said of messages) assert.ok(JSON.stringify(said).length < 60_000);
  const read = messages.flatMap((said) => readSlow(SaidSlow.array().parse(overJson(said))));
  assert.deepEqual(
    read.slice(0, 3).flatMap((part) => [...part.ports]),
    [...ports],
  );
  assert.deepEqual(read[3], ends[1]);
});

it('vanished ones come with their moments by the clock of the reader', () => {
  const ends = { ownAddress: 0x0a000001, peerAddress: 0x0a000009, peerPort: 8080 };
  const some: Vanished[] = [
    { ...ends, ownPort: 40_000, atMs: 5000.25 },
    { ...ends, ownPort: 40_001, atMs: 4000 },
    { ownAddress: IPV6, ownPort: 1, peerAddress: IPV6, peerPort: 8080, atMs: 4500 },
  ];
  const [theirsMs, oursMs] = [1_000_000, 999_000];
  const said = SaidVanished.array().parse(overJson(sayVanished(some, theirsMs)));
  assert.equal(said.length, 2);
  const read = readVanished(said, oursMs);
  assert.deepEqual(
    read.map(({ atMs, ...end }) => ({ ...end, atMs: atMs - 1000 })),
    some,
  );
});
