/** A kernel that can't wait for less than a millisecond, as Linux was before 5.11 and some sandboxes are. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { compiled } from '../support/compiled.ts';
import { assertWentThrough, ENTRY, HASTY, newFolder, reportOn, startConnrig } from '../support/connrig.ts';
import { leastTurnMs } from '../support/least-turn.ts';
import { needs } from '../support/needs.ts';

const skip = process.platform === 'linux' ? needs('gcc') : 'needs Linux';
/** The same on every architecture. */
const EPOLL_PWAIT2 = '441';
/** Without it, half a millisecond would be in every response time. */
const LEAST_OF_OLD_MS = 0.99;

describe('a wait of less than a millisecond', { skip, timeout: 120_000 }, () => {
  it('is as short as was asked for, where the kernel can', async () => {
    const leastMs = await leastTurnMs();
    assert.ok(leastMs >= 0.05 && leastMs < LEAST_OF_OLD_MS, `${leastMs} ms`);
  });

  it('is a whole one where it cannot, and a run is the same else', async (t) => {
    const refuse = compiled(t, 'support/refuse');
    const script = `import { leastTurnMs } from '${new URL('../support/least-turn.js', import.meta.url)}'; console.log(await leastTurnMs())`;
    const node = [EPOLL_PWAIT2, process.execPath];
    const leastMs = Number(execFileSync(refuse, [...node, '--input-type=module', '-e', script], { encoding: 'utf8' }));
    assert.ok(leastMs >= LEAST_OF_OLD_MS, `${leastMs} ms`);

    const folder = newFolder(t);
    const plan = ['--protocol', 'tcp', '--connections', '300', '--levels', '1', '--engine', 'epoll', ...HASTY];
    const talk = ['--behaviour', 'echo:500/s:64B', '--talk', '1s'];
    const run = startConnrig(t, ['run', ...plan, ...talk, '--out', folder], { program: [refuse, ...node, ENTRY] });
    assertWentThrough(await run.ended);
    const [leg] = (await reportOn(t, folder)).legs;
    assert.equal(leg!.peakOpen, 300);
    for (const { rtt } of leg!.levels) {
      assert.deepEqual([rtt?.lostReplies, rtt?.lateReplies], [0, 0]);
      assert.ok(rtt!.messagesPerSecond > 300, `${rtt!.messagesPerSecond} messages a second`);
    }
  });
});
