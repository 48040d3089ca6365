import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { RigError } from '../../../core/values/errors.ts';
import { withFleet } from '../../../test/support/fleet.ts';
import { openingSubject, planOf, serverFrame } from '../../../test/support/opening-subject.ts';
import { withServer } from '../../../test/support/peers.ts';
import { eventually } from '../../../test/support/wait.ts';
import { loadOwnModule, type OwnModule } from './own-module.ts';

const DOCS = new URL('../../../../docs/own-openings.md', import.meta.url);
const KEY = 'a key for tests';
const FAST = 1e6;

const message = (letter: string, body: Uint8Array = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(3, letter);
  head.writeUInt16BE(body.length + 1);
  return Buffer.concat([head, body]);
};

/** The server that the example of the docs is for. */
function challenge(socket: Socket, seen: { proofs: number; pongs: number; pings: number }): void {
  const nonce = Buffer.from('12345678');
  let rest = Buffer.alloc(0);
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE()) {
      const one = rest.subarray(2, 2 + rest.readUInt16BE());
      rest = rest.subarray(2 + one.length);
      const letter = String.fromCharCode(one[0]!);
      if (letter === 'H' && /^Huser-\d+$/.test(one.toString())) {
        // In pieces, and with a ping in the same one as the welcome.
        const asked = message('C', nonce);
        socket.write(asked.subarray(0, 1));
        setImmediate(() => socket.write(asked.subarray(1)));
      } else if (letter === 'R' && one.subarray(1).equals(createHmac('sha256', KEY).update(nonce).digest())) {
        seen.proofs += 1;
        socket.write(Buffer.concat([message('W'), message('P')]));
      } else if (letter === 'p') seen.pongs += 1;
      else if (letter === 'P') seen.pings += 1;
    }
  });
}

test('the example of the docs opens connections, and answers for as long as they are', {
  timeout: 60_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'own-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [, code = ''] = /```js\n(\/\/ challenge\.mjs\n[\s\S]*?)```/.exec(readFileSync(DOCS, 'utf8')) ?? [];
  const file = join(folder, 'challenge.mjs');
  writeFileSync(file, code.replace('seconds: 20', 'seconds: 0.2'));
  const seen = { proofs: 0, pongs: 0, pings: 0 };
  await withServer(
    {},
    (socket) => challenge(socket, seen),
    async (at) => {
      const opening = { ...planOf({}), module: pathToFileURL(file).href };
      const identity = { rows: undefined, order: 'each', secrets: [] } as const;
      await withFleet('tcp', [at], { identity, opening }, async ({ fleet, until, troubles }) => {
        fleet.pursue(50, FAST);
        await until(({ open }) => open === 50, 'all are open');
        await eventually(() => seen.pongs === 50 && seen.pings >= 150, 'pongs and pings');
        assert.deepEqual([seen.proofs, troubles], [50, []]);
      });
    },
  );
});

const heardBy = (own: OwnModule, ...messages: readonly string[]): unknown[] => {
  const subject = openingSubject('ws', planOf({}), own);
  subject.upgrade();
  for (const text of messages) subject.feed(serverFrame(Buffer.from(text)));
  return subject.take();
};

test('steps, several messages, open, and what comes then', () => {
  const own: OwnModule = {
    first: (number) => `hi ${number}`,
    answer: (bytes, step) =>
      step < 2 ? { send: [`${step}`, Buffer.from(bytes)], step: step + 1, open: step === 1 } : { send: 'still here' },
  };
  assert.deepEqual(heardBy(own, 'aa', 'bb', 'cc'), [
    ['said', 'text', 'hi 1'],
    ['said', 'text', '0'],
    ['said', 'binary', '6161'],
    ['said', 'text', '1'],
    ['said', 'binary', '6262'],
    ['open'],
    ['payload', 'cc'],
    ['said', 'text', 'still here'],
  ]);
  assert.deepEqual(heardBy({ first: () => undefined }), [['open']]);
});

test('what a module does wrong is the end of that connection alone', () => {
  const fails = (): never => {
    throw new Error('no idea');
  };
  const gives = (value: unknown): OwnModule => ({ answer: () => value as undefined });
  const cases: Array<[OwnModule, string]> = [
    [{ first: fails, answer: fails }, 'the opening threw in first: no idea'],
    [{ answer: fails }, 'the opening threw in answer: no idea'],
    [gives({ refuse: 'bad' }), 'the opening refuses what the server said: bad'],
    [gives({ refuse: Object.create(null) }), 'the opening refuses what the server said: an object of no kind'],
    [
      gives({
        get send(): never {
          return fails();
        },
      }),
      'the opening threw in answer: no idea',
    ],
    [gives('text'), 'the opening gave text for answer; it has to be nothing, or { send, step, open, refuse }'],
    [
      gives(Promise.resolve()),
      'the opening gave a promise for answer; it has to be nothing, or { send, step, open, refuse }',
    ],
    [gives({ send: 5 }), 'the opening gave 5 for answer.send; it has to be text or bytes'],
    [gives({ step: -1 }), 'the opening gave -1 for answer.step; it has to be a whole number up to 65534'],
  ];
  for (const [own, detail] of cases) {
    assert.deepEqual(heardBy(own, 'x', 'y').slice(-2), [
      ['said', 'close', '03e8'],
      ['opening-refused', detail],
    ]);
  }
  const late: OwnModule = { answer: (bytes) => (bytes.length === 1 ? { open: true } : fails()) };
  assert.deepEqual(heardBy(late, 'x', 'yy').slice(-2), [
    ['said', 'close', '03e8'],
    ['protocol-error', 'the opening threw in answer: no idea'],
  ]);
});

test('a module that is no opening is told before anything starts', async () => {
  const cases: Array<[string, RegExp]> = [
    ['export const = 1', /can't be imported: /],
    ['throw new Error("no key")', /can't be imported: no key$/],
    ['export const x = 1', /exports x, which nobody asks for; there is first, answer, every, messageEnd$/],
    ['', /exports neither first nor answer nor every$/],
    ['export const answer = 1', /exports answer, which is no function$/],
    ['export const every = { seconds: 0, send() {} }', /exports every, which is not \{ seconds: 0\.1 or more/],
    ['export const first = () => 5', /gives 5 for first\(1\); it has to be text, bytes or nothing$/],
    ['export const first = async () => "x"', /gives a promise for first\(1\)/],
    ['export const first = () => { throw new Error("bad") }', /throws for first\(1\): bad$/],
    [
      'export const first = () => "x"; export const messageEnd = (b) => b.length + 2',
      /gives 2 for messageEnd\(no bytes\); it has to be 0$/,
    ],
  ];
  for (const [code, says] of cases) {
    const url = `data:text/javascript,${encodeURIComponent(code)}`;
    await assert.rejects(loadOwnModule(url), (error) => {
      assert.ok(error instanceof RigError && error.code === 'ECONFIG');
      assert.match(error.message, says);
      return true;
    });
  }
});
