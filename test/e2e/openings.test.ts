/** Runs whose connections sign in: what the server sees of each, what becomes of those that it doesn't take, and what stays secret. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { WebSocket } from 'ws';
import {
  assertFailed,
  assertWentThrough,
  connrigHere,
  HASTY,
  newFolder,
  readRunJson,
  reportOn,
} from '../support/connrig.ts';
import { SUBPROTOCOL, startSignInServer } from '../support/sign-in-server.ts';

const TIMEOUT = { timeout: 180_000 };
const ROWS = 60;
const PLAN = ['--connections', String(ROWS), '--levels', '3', ...HASTY];

function dataFile(t: TestContext): string {
  const file = join(dirname(newFolder(t)), 'users.csv');
  const rows = Array.from({ length: ROWS }, (_, i) => `"us""er ${i + 1}",secret-${i + 1}`);
  writeFileSync(file, `user,token\n${rows.join('\n')}\n`);
  return file;
}

const signIn = (data: string): string[] => [
  ...['--header', 'Authorization: Bearer {token}', '--data', data, '--subprotocol', SUBPROTOCOL],
];

describe('connections that sign in', () => {
  it(
    'each with a row of its own, which no other has at the same time, and nobody reads it afterwards',
    TIMEOUT,
    async (t) => {
      const seen = await startSignInServer(t);
      const folder = newFolder(t);
      const ended = await connrigHere([
        ...['run', `${seen.url}/chat/{user}?n={n}`, ...signIn(dataFile(t)), '--cookie', 'id={n}; theme=dark', ...PLAN],
        ...['--send-on-open', '{"who":"{n}"}', '--expect', '"ok"', '--out', folder],
      ]);
      assertWentThrough(ended);
      const { legs } = await reportOn(t, folder);
      assert.deepEqual([legs[0]!.outcomes.open, legs[0]!.peakOpen], [legs[0]!.attempts, ROWS]);
      assert.deepEqual([seen.most, seen.twice], [ROWS, []]);
      assert.equal(seen.paths.size, ROWS);
      assert.ok(seen.paths.has('/chat/us%22er%207?n=7'));
      assert.equal(seen.cookies.size, ROWS);
      assert.ok(seen.cookies.has('id=7; theme=dark'));
      assert.ok(seen.hellos.size === ROWS && seen.hellos.has('{"who":"7"}'));
      assert.deepEqual(readRunJson(folder).plan.legs[0]!.opening, {
        dialect: null,
        headers: ['Authorization', 'Cookie'],
        subprotocols: [SUBPROTOCOL],
        steps: 2,
        rules: 0,
        module: false,
        rows: ROWS,
        order: 'each',
      });
      for (const name of readdirSync(folder, { recursive: true }) as string[]) {
        const file = join(folder, name);
        if (!statSync(file).isDirectory())
          assert.doesNotMatch(readFileSync(file, 'latin1'), /secret-\d|us"+er|us%22er/, name);
      }
    },
  );

  it('with fewer rows than connections is refused before anything starts, or goes round', TIMEOUT, async (t) => {
    const seen = await startSignInServer(t);
    const data = dataFile(t);
    const more = ['--connections', '90', '--levels', '3', ...HASTY, '--send-on-open', 'x', '--expect', 'ok'];
    const refused = await connrigHere(['run', seen.url, ...signIn(data), ...more, '--out', newFolder(t)]);
    assertFailed(refused, 2, 'EUSAGE', /90 connections are more than the 60 rows of .*--data-order cycle/);
    assert.equal(seen.most, 0);
    const went = await connrigHere([
      'run',
      seen.url,
      ...signIn(data),
      ...more,
      '--data-order',
      'cycle',
      '--out',
      newFolder(t),
    ]);
    assertWentThrough(went);
    assert.deepEqual([seen.most, seen.twice.length >= 30], [ROWS, true]);
  });

  const WRONG: ReadonlyArray<[what: string, answer: (socket: WebSocket) => void, args: string[], says: RegExp]> = [
    [
      'by another answer',
      (socket) => socket.send('{"type":"error","who":"secret-1 secret-2 secret-3"}'),
      [],
      /EOPENING[\s\S]*step 2 of 2 expects "ok"[\s\S]*"type\\*":\\*"error/,
    ],
    ['by closing', (socket) => socket.close(4401, 'nobody'), [], /EOPENING[\s\S]*step 2 of 2[\s\S]*close 4401 nobody/],
    ['by silence', () => undefined, ['--open-timeout', '900ms'], /ETIMEDOUT[\s\S]*step 2 of 2 expects "ok"/],
  ];
  for (const [what, answer, args, says] of WRONG) {
    it(`that are refused ${what}: told with the step`, TIMEOUT, async (t) => {
      const seen = await startSignInServer(t, answer);
      const folder = newFolder(t);
      const ended = await connrigHere([
        ...['run', seen.url, ...signIn(dataFile(t)), ...PLAN, '--send-on-open', 'hello', '--expect', '"ok"', ...args],
        ...['--out', folder],
      ]);
      assert.equal(ended.code, 4, ended.stderr);
      assert.match(ended.stderr, says);
      assert.match(ended.stderr, /connrig try ws:|--open-timeout/);
      const { legs } = await reportOn(t, folder);
      const { 'opening-refused': refused, 'timed-out': late, open } = legs[0]!.outcomes;
      assert.ok(refused + late >= 10 && open === 0, `${refused} ${late} ${open}`);
    });
  }

  it('with a subprotocol that the server does not take, or without the header that it wants', TIMEOUT, async (t) => {
    const seen = await startSignInServer(t);
    const data = dataFile(t);
    const other = ['--header', 'Authorization: Bearer {token}', '--data', data, '--subprotocol', 'rig.v2'];
    const ended = await connrigHere(['run', seen.url, ...other, ...PLAN, '--out', newFolder(t)]);
    assertFailed(ended, 4, 'EOPENING', /the server took none of the subprotocols it was offered: rig\.v2/);
    const anonymous = await connrigHere(['run', seen.url, ...PLAN, '--out', newFolder(t)]);
    assertFailed(anonymous, 4, 'EREJECTED', /HTTP 401 Unauthorized.*connrig try .*--header/);
  });
});
