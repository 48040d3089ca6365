/** A server that never answers a close: nobody waits for it again and again. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { assertWentThrough, connrigHere, newFolder, ONE_LEVEL, readEvents } from '../support/connrig.ts';
import { withServer } from '../support/peers.ts';
import { answerTo } from '../support/ws-subject.ts';

it('a warm-up whose closes are left unanswered has one round, and a warning names --close reset', {
  timeout: 180_000,
}, async (t) => {
  const folder = newFolder(t);
  let accepted = 0;
  let opened = 0;
  await withServer(
    { allowHalfOpen: true },
    (socket) => {
      accepted += 1;
      // Close frames and a FIN come, and nothing is said to them.
      socket.once('data', (request) => {
        opened += 1;
        socket.write(answerTo(request));
        socket.resume();
      });
      socket.on('error', () => {});
    },
    async ({ port }) => {
      assertWentThrough(await connrigHere(['run', `ws://127.0.0.1:${port}`, ...ONE_LEVEL, '--out', folder]));
    },
  );
  // 10 for the warm-up and 20 at the level; without the warning ten rounds are 100.
  assert.ok(opened <= 30, `${opened} of ${accepted}`);
  const warnings = readEvents(folder).flatMap((event) => (event.type === 'warning' ? [event] : []));
  const told = warnings.filter(({ code }) => code === 'WUNANSWERED');
  assert.equal(told.length, 1, JSON.stringify(warnings));
  assert.match(told[0]!.text, /left 10 of 10 closes unanswered.*— --close reset$/);
});
