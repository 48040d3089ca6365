/** By which engine a run drives its sockets, and that it makes no difference to what the target costs. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { ENGINES, whyNoUring } from '../../fleet/engines/index.ts';
import { compiled } from '../support/compiled.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  ENTRY,
  HASTY,
  limited,
  newFolder,
  ONE_LEVEL,
  readRunJson,
  reportOn,
  startConnrig,
} from '../support/connrig.ts';
import { needs } from '../support/needs.ts';

const TIMEOUT = { timeout: 300_000 };
const whyNot = await whyNoUring(process.platform);
const skip = whyNot ?? false;
/** The same on every architecture. */
const IO_URING_SETUP = '425';

describe('io_uring', { ...TIMEOUT, skip }, () => {
  it('drives the sockets where it was asked for, and not else', async (t) => {
    for (const [args, engine] of [
      [['--engine', 'uring'], 'uring'],
      [[], 'epoll'],
    ] as const) {
      const folder = newFolder(t);
      const ended = await connrig(t, ['run', '--protocol', 'ws', ...args, ...ONE_LEVEL, '--out', folder]);
      assertWentThrough(ended);
      assert.equal(readRunJson(folder).generator.engine, engine);
    }
  });

  it('is refused where the kernel refuses it, as in containers', { skip: needs('gcc') }, async (t) => {
    const program = [compiled(t, 'support/refuse'), IO_URING_SETUP, process.execPath, ENTRY];
    const asked = ['run', '--protocol', 'ws', '--engine', 'uring', ...ONE_LEVEL, '--out', newFolder(t)];
    const refused = await startConnrig(t, asked, { program }).ended;
    assertFailed(refused, 2, 'EUSAGE', /--engine uring: io_uring_setup: ENOSYS — --engine auto/);
  });

  it('holds more than there may be open files, in one thread', async (t) => {
    const folder = newFolder(t);
    const plan = ['--connections', '3000', '--levels', '1', '--workers', '1', '--engine', 'uring', ...HASTY];
    const ended = await connrig(
      t,
      ['run', '--protocol', 'tcp', ...plan, '--force', '--out', folder],
      limited('ulimit -n 1600'),
    );
    assertWentThrough(ended);
    const { legs } = await reportOn(t, folder);
    const { peakOpen, outcomes, attempts, levels } = legs[0]!;
    assert.deepEqual([peakOpen, levels[0]?.open, outcomes.open], [3000, 3000, attempts], 'none failed');
  });
});

describe('what a target costs', { ...TIMEOUT, skip: process.platform === 'linux' ? false : 'needs /proc' }, () => {
  /** In the kernel an accepting end is the same whoever connects, to the byte but for its tables. */
  it('is the same by all engines', async (t) => {
    const kernel: number[] = [];
    for (const engine of ENGINES.filter((one) => one !== 'uring' || whyNot === undefined)) {
      const leg = await measured(t, engine);
      kernel.push(leg.perConnection!.kernel!.bytes);
      assert.deepEqual([leg.outcomes.open, leg.attempts], [leg.attempts, leg.attempts]);
    }
    assert.ok(Math.max(...kernel) - Math.min(...kernel) <= 100, `${kernel}`);
  });
});

async function measured(t: TestContext, engine: string): Promise<LegSummary> {
  const folder = newFolder(t);
  const plan = ['--connections', '3000', '--levels', '4', '--rate', '5k/s', '--engine', engine, '--allow-inconclusive'];
  const ended = await connrig(t, ['run', '--protocol', 'tcp', ...plan, '--quiet', '--out', folder]);
  assertWentThrough(ended);
  assert.equal(readRunJson(folder).generator.engine, engine);
  return (await reportOn(t, folder)).legs[0]!;
}
