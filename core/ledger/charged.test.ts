import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beforeThousand, withThousand } from '../../test/support/ledger-readings.ts';
import type { Readings } from '../schemas/readings.ts';
import { ledgerOf } from './ledger.ts';

const cgroup = (currentBytes: number, more: Partial<NonNullable<Readings['cgroup']>> = {}): Readings['cgroup'] => ({
  version: 2,
  path: '/app',
  currentBytes,
  anonBytes: 1,
  fileBytes: 500,
  kernelBytes: 1,
  sockBytes: 0,
  limitBytes: null,
  oomKills: 0,
  exclusive: true,
  ...more,
});
const charges: ReadonlyArray<[string, Readings['cgroup'], Readings['cgroup'], number | null]> = [
  ['grows, page cache aside', cgroup(10_000), cgroup(90_000, { fileBytes: 1500 }), 79_000],
  ['is shared at the hold', cgroup(10_000), cgroup(90_000, { exclusive: false }), null],
  ['was shared at the baseline', cgroup(10_000, { exclusive: false }), cgroup(90_000), null],
  ['is another one by then', cgroup(10_000), cgroup(90_000, { path: '/else' }), null],
  ['has no account of page cache', cgroup(10_000, { fileBytes: null }), cgroup(90_000), null],
  ['could not be read', null, cgroup(90_000), null],
];
for (const [what, first, then, charged] of charges) {
  test(`a cgroup that ${what}: charged ${charged}`, () => {
    const ledger = ledgerOf(
      { ...beforeThousand, cgroup: first },
      { ...withThousand, cgroup: then },
      { target: 1000, client: 1000 },
    );
    assert.equal(ledger.charged, charged);
  });
}
