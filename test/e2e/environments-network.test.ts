/** Network namespaces: one of its own is as good as the machine's; without loopback, or IPv6, the reason is told. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  foldedLegs,
  HASTY,
  readEvents,
  readSamples,
  reportOn,
} from '../support/connrig.ts';
import { ELSEWHERE, elsewhere, LOOPBACK_UP, openFolder } from '../support/elsewhere.ts';

const PLAN = ['--levels', '300,600,900,1200,1500', ...HASTY];
const NO_IPV6 = 'for at in /proc/sys/net/ipv6/conf/*/disable_ipv6; do [ ! -e "$at" ] || echo 1 > "$at"; done';
const NET = { namespaces: ['net'] };

describe('a fresh network namespace', () => {
  for (const [what, setUp] of [
    ['with loopback up', LOOPBACK_UP],
    ['without IPv6', `${LOOPBACK_UP}\n${NO_IPV6}`],
  ] as const) {
    it(`${what} has everything there is to measure`, ELSEWHERE, async (t) => {
      const folder = join(openFolder(t), 'run');
      const args = ['run', '--protocol', 'tcp', ...PLAN, '--out', folder];
      assertWentThrough(await connrig(t, args, elsewhere(t, { ...NET, setUp })));
      const { legs, warnings } = await reportOn(t, folder);
      const levels = legs[0]!.levels.map(({ open, established, censusOpen }) => [open, established, censusOpen]);
      assert.deepEqual(
        levels,
        [300, 600, 900, 1200, 1500].map((open) => [open, open, open]),
      );
      const { kernel, total } = foldedLegs(folder)[0]!.perConnection!;
      assert.ok(kernel!.bytes > 3000 && kernel!.bytes < 6000 && total !== null, `${kernel?.bytes} bytes`);
      assert.doesNotMatch(warnings.join('\n'), /(slab|sockstat|established|target) could not be read/);
    });
  }

  it('with loopback down ends before the first socket, and says how to bring it up', ELSEWHERE, async (t) => {
    for (const what of [['--protocol', 'ws'], ['--engine', 'node', '--protocol', 'tcp'], ['tcp://127.0.0.1:9']]) {
      const folder = join(openFolder(t), 'run');
      const ended = await connrig(t, ['run', ...what, ...PLAN, '--out', folder], elsewhere(t, NET));
      assertFailed(ended, 4, 'EUNREACHABLE', /127\.0\.0\.1 can't be reached: the loopback interface is down/);
      assert.match(ended.stderr, / — ip link set lo up$/m);
      assert.deepEqual(
        readEvents(folder).map(({ type }) => type),
        ['error'],
      );
      assert.deepEqual(readSamples(folder), []);
    }
  });

  it('without IPv6 refuses [::1] for that, not for want of ports', ELSEWHERE, async (t) => {
    const folder = join(openFolder(t), 'run');
    const options = elsewhere(t, { ...NET, setUp: `${LOOPBACK_UP}\n${NO_IPV6}` });
    const ended = await connrig(t, ['run', 'ws://[::1]:9', ...PLAN, '--out', folder], options);
    assertFailed(ended, 4, 'EUNREACHABLE', /::1 can't be reached: the loopback interface is down, or IPv6 is off/);
  });
});
