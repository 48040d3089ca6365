/** Targets that never let a connection become usable: told apart, told in one sentence, and recorded all the same. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import type { ErrorCode } from '../../core/values/errors.ts';
import type { Outcome } from '../../core/values/outcomes.ts';
import { assertFailed, connrigHere, HASTY, newFolder, reportOn } from '../support/connrig.ts';
import { type HostileKind, startHostile } from '../support/hostile.ts';

const TIMEOUT = { timeout: 180_000 };
const SMALL = ['--connections', '60', '--levels', '3', ...HASTY];

const HOSTILE: ReadonlyArray<{
  kind: HostileKind;
  code: ErrorCode;
  outcome: Outcome;
  says: RegExp;
  args?: readonly string[];
}> = [
  {
    kind: 'silent',
    code: 'ETIMEDOUT',
    outcome: 'timed-out',
    says: /do not become usable in time \(connected, but no answer within 500 ms\)/,
    args: ['--open-timeout', '500ms'],
  },
  {
    kind: 'status-200',
    code: 'EREJECTED',
    outcome: 'rejected',
    says: /was rejected \(HTTP 200 OK, an ordinary answer in place of the upgrade\)/,
  },
  { kind: 'status-403', code: 'EREJECTED', outcome: 'rejected', says: /was rejected \(HTTP 403 Forbidden\)/ },
  {
    kind: 'status-302',
    code: 'EREJECTED',
    outcome: 'rejected',
    says: /was rejected \(HTTP 302 Found, redirected to "\/elsewhere"\)[\s\S]*connrig run ws:\/\/127\.0\.0\.1:\d+\/elsewhere/,
  },
  { kind: 'garbage', code: 'EHANDSHAKE', outcome: 'bad-handshake', says: /the answer is not HTTP/ },
  { kind: 'wrong-key', code: 'EHANDSHAKE', outcome: 'bad-handshake', says: /not the answer to our key/ },
  { kind: 'half-response', code: 'EHANDSHAKE', outcome: 'closed-early', says: /closed after \d+ bytes of a response/ },
  { kind: 'endless-head', code: 'EHANDSHAKE', outcome: 'bad-handshake', says: /response head above 16384 bytes/ },
  { kind: 'reset', code: 'EHANDSHAKE', outcome: 'reset', says: /are reset before they are usable/ },
  { kind: 'close-at-once', code: 'EHANDSHAKE', outcome: 'closed-early', says: /closed without an answer/ },
];

describe('a server that answers', () => {
  for (const { kind, code, outcome, says, args = [] } of HOSTILE) {
    it(`${kind}: ${outcome}, ${code}`, TIMEOUT, async (t) => {
      const server = await startHostile(kind);
      t.after(() => server.close());
      const folder = newFolder(t);
      const ended = await connrigHere(['run', server.url, ...SMALL, ...args, '--out', folder]);
      assertFailed(ended, 4, code, says);
      assert.match(ended.stdout, /^The run failed: /m);
      const { status, exitCode, error, legs } = await reportOn(t, folder);
      assert.deepEqual({ status, exitCode, code: error?.code }, { status: 'failed', exitCode: 4, code });
      const [leg] = legs;
      assert.equal(leg?.peakOpen, 0);
      assert.deepEqual(leg.levels, []);
      // What was in flight when the run gave up was cancelled; nothing else ended otherwise.
      const { [outcome]: failed, cancelled } = leg.outcomes;
      assert.ok(failed > 0);
      assert.equal(failed + cancelled, leg.attempts);
    });
  }
});

describe('no server at all', () => {
  for (const protocol of ['tcp', 'ws']) {
    it(`${protocol}: the port is refused`, TIMEOUT, async (t) => {
      const folder = newFolder(t);
      const url = `${protocol}://127.0.0.1:${await closedPort()}`;
      const ended = await connrigHere(['run', url, ...SMALL, '--out', folder]);
      assertFailed(ended, 4, 'EREFUSED', /the connection was refused/);
      const { legs, status } = await reportOn(t, folder);
      assert.equal(status, 'failed');
      assert.equal(legs[0]?.outcomes.refused, legs[0]?.attempts);
    });
  }

  it('the host is not found', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const ended = await connrigHere(['run', 'ws://no-such-host.invalid:80', ...SMALL, '--out', folder]);
    assertFailed(ended, 4, 'EHOST', /the host no-such-host.invalid was not found/);
    const { legs, error } = await reportOn(t, folder);
    assert.equal(error?.code, 'EHOST');
    assert.deepEqual(legs, []);
  });
});

/** A port that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}
