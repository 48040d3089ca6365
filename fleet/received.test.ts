/** What comes in on open connections is counted, whatever they do: messages that are whole, and the bytes in them. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { withFleet } from '../test/support/fleet.ts';
import { OK, withHttp } from '../test/support/http-peer.ts';
import { withServer } from '../test/support/peers.ts';
import { makeServerFrame } from '../test/support/ws-deflate.ts';
import { answerTo } from '../test/support/ws-subject.ts';
import { ENGINES } from './engines/index.ts';

const FAST = 1e6;
const TIMEOUT = { timeout: 60_000 };
const OPEN = 5;

const TEXT = 0x81;
const PING = 0x89;
const CLOSE = 0x88;
/** One message in two frames, a ping between them. */
const IN_PIECES = [
  makeServerFrame(0x01, Buffer.from('in ')),
  makeServerFrame(PING, Buffer.from('there?')),
  makeServerFrame(0x80, Buffer.from('pieces')),
];
/** 3 messages, of which one is empty, with 5 + 9 + 0 bytes. */
const SAID = Buffer.concat([
  makeServerFrame(TEXT, Buffer.from('hello')),
  ...IN_PIECES,
  makeServerFrame(TEXT, Buffer.alloc(0)),
]);
const MORE = makeServerFrame(TEXT, Buffer.alloc(100, 'x'));
const MORE_OF = [MORE, MORE, MORE];

/** Says it in the segment that accepts the connection. A message that comes between our goodbye and the answer to it doesn't count. */
const speakWs =
  (told: Socket[]) =>
  (socket: Socket): void => {
    socket.once('data', (request: Buffer) => {
      socket.write(Buffer.concat([answerTo(request), SAID]));
      told.push(socket);
      socket.on('data', (frame: Buffer) => {
        if (frame[0] !== CLOSE) return;
        socket.write(MORE);
        socket.end(makeServerFrame(CLOSE, Buffer.of(0x03, 0xe8)));
      });
    });
  };

for (const engine of ENGINES) {
  test(
    `${engine}, ws: whole messages, those in the segment of the handshake too, and nothing after a goodbye`,
    TIMEOUT,
    async () => {
      const told: Socket[] = [];
      await withServer({ allowHalfOpen: true }, speakWs(told), (at) =>
        withFleet('ws', [at], { layout: { engine } }, async ({ fleet, until }) => {
          fleet.pursue(OPEN, FAST);
          await until(({ open, messagesIn }) => open === OPEN && messagesIn === 3 * OPEN, 'the greetings are there');
          for (const socket of told) for (const frame of MORE_OF) socket.write(frame);
          await until(({ messagesIn }) => messagesIn === 6 * OPEN, 'the others are there');
          fleet.pursue(0, FAST);
          const end = await until(({ open, closing }) => open === 0 && closing === 0, 'all are closed');
          assert.deepEqual([end.messagesIn, end.payloadBytesIn], [6 * OPEN, (5 + 9 + 300) * OPEN]);
          assert.ok(end.bytesIn > end.payloadBytesIn + 7 * 2 * OPEN, 'with handshakes and frames');
        }),
      );
    },
  );

  test(`${engine}, tcp: bytes, and no messages, for there are none`, TIMEOUT, async () => {
    const serve = (socket: Socket): void => {
      socket.write('+OK ready\r\n');
    };
    await withServer({}, serve, (at) =>
      withFleet('tcp', [at], { layout: { engine } }, async ({ fleet, until }) => {
        fleet.pursue(OPEN, FAST);
        const now = await until(({ payloadBytesIn }) => payloadBytesIn === 11 * OPEN, 'all have been greeted');
        assert.deepEqual([now.messagesIn, now.bytesIn], [0, 11 * OPEN]);
      }),
    );
  });

  test(
    `${engine}, http: answers, and the bytes of their bodies; the first belongs to the opening`,
    TIMEOUT,
    async () => {
      await withHttp(
        (socket) => socket.write(OK),
        (at) => {
          const behaviour = { kind: 'request', perSecond: 200 } as const;
          return withFleet('http', [at], { layout: { engine }, behaviour }, async ({ fleet, until }) => {
            fleet.pursue(OPEN, FAST);
            const opened = await until(({ open }) => open === OPEN, 'all are open');
            assert.deepEqual([opened.messagesIn, opened.payloadBytesIn], [0, 0]);
            fleet.setTalking(true);
            await until(({ replies }) => replies >= 20, 'some are answered');
            const order = fleet.setTalking(false);
            const end = await until((now) => now.pending === 0 && now.orderSeen >= order, 'all are answered');
            assert.deepEqual([end.messagesIn, end.payloadBytesIn], [end.replies, 2 * end.replies]);
          });
        },
      );
    },
  );
}
