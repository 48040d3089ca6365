import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import type { ProtocolName } from '../../core/protocols/names.ts';
import type { Outcome } from '../../core/values/outcomes.ts';
import type { Endpoint } from '../../fleet/engines/engine.ts';
import { ANSWER_BYTES, startEcho } from '../support/echo.ts';
import { type HttpAnswer, OK, withHttp } from '../support/http-peer.ts';
import { HOST } from '../support/peers.ts';
import type { Rig } from '../support/rig.ts';

type RigFor = (protocol: ProtocolName, port: number) => Rig;

const says =
  (...answers: readonly string[]): HttpAnswer =>
  (socket, nth) =>
    socket.write(answers[nth] ?? OK);

/** What every engine must do with http on top: answers in any pieces, servers that disappoint before and after. */
export function engineHttpContract(name: string, rigFor: RigFor): void {
  describe(`${name} engine with http`, { timeout: 120_000 }, () => {
    test('300 connections: a first answer, bodies of every size, chunked and not, then FIN', async () => {
      const server = await startEcho('http');
      const rig = rigFor('http', server.port);
      const slots = Array.from({ length: 300 }, (_, i) => i);
      try {
        for (const slot of slots) rig.open(slot, { ip: HOST, port: server.port });
        await rig.until(() => slots.every((slot) => rig.log(slot).opened), 'open');
        const [, ...asked] = ANSWER_BYTES;
        for (let nth = 1; nth <= asked.length; nth++) {
          for (const slot of slots) rig.ask(slot);
          await rig.until(() => slots.every((slot) => rig.log(slot).answers.length === nth), `answer ${nth}`);
        }
        const expected = Buffer.concat(asked.map((bytes, i) => Buffer.alloc(bytes, i + 1)));
        for (const slot of slots) assert.ok(Buffer.concat(rig.log(slot).received).equals(expected));
        for (const slot of slots) rig.close(slot);
        await rig.until(() => slots.every((slot) => rig.log(slot).gone), 'gone');
        for (const slot of slots) {
          const { answers, gone, failure, protocolError } = rig.log(slot);
          assert.deepEqual(
            { answers, cause: gone?.cause, failure, protocolError },
            { answers: asked.map(() => 2), cause: 'closed', failure: undefined, protocolError: undefined },
          );
        }
      } finally {
        await rig.engine.dispose();
        await server.close();
      }
    });

    test('an answer that comes byte by byte, slowly, is the same answer', () =>
      against(
        rigFor,
        (socket, nth) => (nth === 0 ? socket.write(OK) : drip(socket, CHUNKED)),
        async (rig, at) => {
          await opened(rig, at);
          rig.ask(0);
          await rig.until(() => rig.log(0).answers.length === 1, 'answered');
          assert.equal(Buffer.concat(rig.log(0).received).toString(), 'hello world');
          rig.ask(0);
          await rig.until(() => rig.log(0).answers.length === 2, 'answered again');
        },
      ));

    const rejected: Array<[what: string, answer: string, outcome: Outcome, detail: RegExp]> = [
      ['403', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 'rejected', /^HTTP 403 Forbidden$/],
      ['503 that closes', 'HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n', 'rejected', /^HTTP 503 Busy$/],
      ['Connection: close', OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'), 'closed-early', /keeps no conn/],
      [
        'HTTP/1.0',
        OK.replace('1.1', '1.0'),
        'closed-early',
        /^HTTP 200 OK with HTTP\/1\.0 and no Connection: keep-alive/,
      ],
      ['no length', 'HTTP/1.1 200 OK\r\n\r\nhello', 'closed-early', /ends with the connection/],
      ['garbage', '\u0001\u0002\u0003 no http', 'bad-handshake', /^the answer is not HTTP/],
      ['an endless head', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(65_536)}`, 'bad-handshake', /above 16384 bytes/],
      [
        'broken chunks',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
        'bad-handshake',
        /size of a chunk/,
      ],
    ];
    for (const [what, answer, outcome, detail] of rejected) {
      test(`a first answer with ${what} is ${outcome}`, () =>
        against(rigFor, says(answer), async (rig, at) => {
          rig.open(0, at);
          await rig.until(() => rig.log(0).gone !== undefined, 'gone');
          assert.deepEqual([rig.log(0).opened, rig.log(0).failure?.outcome], [false, outcome]);
          assert.match(rig.log(0).failure!.detail, detail);
        }));
    }

    test('a first answer that breaks off is closed-early, a reset the end of the socket, silence nothing', async () => {
      const half: HttpAnswer = (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Le');
      await against(rigFor, half, async (rig, at) => {
        rig.open(0, at);
        await rig.until(() => rig.log(0).gone !== undefined, 'gone');
        const detail =
          'the server closed after 27 bytes of a response head, which begins with "HTTP/1.1 200 OK\\r\\nContent-Le"';
        assert.deepEqual(rig.log(0).failure, { outcome: 'closed-early', detail });
      });
      await against(
        rigFor,
        (socket) => socket.resetAndDestroy(),
        async (rig, at) => {
          rig.open(0, at);
          await rig.until(() => rig.log(0).gone !== undefined, 'gone');
          assert.deepEqual(
            [rig.log(0).opened, rig.log(0).failure, rig.log(0).gone!.cause],
            [false, undefined, 'reset'],
          );
        },
      );
      await against(
        rigFor,
        () => undefined,
        async (rig, at) => {
          rig.open(0, at);
          for (let i = 0; i < 10; i++) await rig.engine.turn(10);
          assert.deepEqual([rig.log(0).opened, rig.log(0).failure, rig.log(0).gone], [false, undefined, undefined]);
        },
      );
    });

    test('a redirection opens; interim answers, 204 and 304 are read for what they are', () =>
      against(
        rigFor,
        says(
          'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 302 Found\r\nContent-Length: 3\r\n\r\nbye',
          'HTTP/1.1 204 No Content\r\n\r\n',
          'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n',
          'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 Oops\r\nContent-Length: 1\r\n\r\n!',
        ),
        async (rig, at) => {
          await opened(rig, at);
          for (let nth = 1; nth <= 3; nth++) {
            rig.ask(0);
            await rig.until(() => rig.log(0).answers.length === nth, `answer ${nth}`);
          }
          assert.deepEqual(rig.log(0).answers, [2, 3, 5]);
          assert.equal(Buffer.concat(rig.log(0).received).toString(), '!');
        },
      ));

    const closes: Array<[what: string, answer: HttpAnswer, reason: RegExp, answers: number]> = [
      [
        'Connection: close',
        (socket) => socket.end(`${OK.replace('OK', 'OK\r\nConnection: close')}`),
        /^answered with/,
        1,
      ],
      ['a body to the end', (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello'), /^answered with/, 1],
      ['FIN instead of an answer', (socket) => socket.end(), /^FIN with a request unanswered$/, 0],
      ['FIN in the middle', (socket) => socket.end(OK.slice(0, -1)), /^FIN in the middle of an answer$/, 0],
    ];
    for (const [what, answer, reason, answers] of closes) {
      test(`open, then ${what}: closed by the peer, and why`, () =>
        against(
          rigFor,
          (socket, nth) => (nth === 0 ? socket.write(OK) : answer(socket, nth, '')),
          async (rig, at) => {
            await opened(rig, at);
            rig.ask(0);
            await rig.until(() => rig.log(0).gone !== undefined, 'gone');
            const { peerClose, gone, protocolError } = rig.log(0);
            assert.match(peerClose!, reason);
            assert.deepEqual([gone!.cause, protocolError, rig.log(0).answers.length], ['closed', undefined, answers]);
          },
        ));
    }

    test('bytes that nobody asked for break the protocol; a 408 says that an idle connection is closed', async () => {
      await against(rigFor, says(`${OK}${OK}`), async (rig, at) => {
        await opened(rig, at);
        await rig.until(() => rig.log(0).protocolError !== undefined, 'found');
        assert.equal(rig.log(0).protocolError, 'HTTP 200 OK, which nobody asked for');
      });
      await against(rigFor, says(`${OK}garbage`), async (rig, at) => {
        await opened(rig, at);
        await rig.until(() => rig.log(0).protocolError !== undefined, 'found');
        assert.match(rig.log(0).protocolError!, /^the answer is not HTTP/);
      });
      const tired: HttpAnswer = (socket) => {
        socket.write(OK);
        setTimeout(() => socket.end('HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n'), 30);
      };
      await against(rigFor, tired, async (rig, at) => {
        await opened(rig, at);
        await rig.until(() => rig.log(0).gone !== undefined, 'gone');
        assert.deepEqual([rig.log(0).peerClose, rig.log(0).protocolError], ['HTTP 408 Request Timeout', undefined]);
      });
    });

    test('a reset in the middle of an answer is the end of the socket', () =>
      against(
        rigFor,
        (socket, nth) => {
          socket.write(nth === 0 ? OK : OK.slice(0, -1), () => {
            if (nth > 0) setTimeout(() => socket.resetAndDestroy(), 20);
          });
        },
        async (rig, at) => {
          await opened(rig, at);
          rig.ask(0);
          await rig.until(() => rig.log(0).gone !== undefined, 'gone');
          assert.deepEqual(
            [rig.log(0).gone!.cause, rig.log(0).answers, rig.log(0).peerClose],
            ['reset', [], undefined],
          );
        },
      ));
  });
}

const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;note="x"\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n';

function drip(socket: Socket, text: string): void {
  const bytes = Buffer.from(text);
  socket.setNoDelay(true);
  const next = (at: number): void => {
    if (at === bytes.length || socket.destroyed) return;
    socket.write(bytes.subarray(at, at + 1), () => setImmediate(next, at + 1));
  };
  next(0);
}

async function opened(rig: Rig, at: Endpoint): Promise<void> {
  rig.open(0, at);
  await rig.until(() => rig.log(0).opened, 'open');
}

async function against(
  rigFor: RigFor,
  answer: HttpAnswer,
  body: (rig: Rig, at: Endpoint) => Promise<void>,
): Promise<void> {
  await withHttp(answer, async (at) => {
    const rig = rigFor('http', at.port);
    try {
      await body(rig, at);
    } finally {
      await rig.engine.dispose();
    }
  });
}
