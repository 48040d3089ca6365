/** What only the engine over node:tls has: its counts, sessions, sentences. The contract of engines is held by `worker/secured-engines`. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, test } from 'node:test';
import { createServer, type TlsOptions as ServerOptions } from 'node:tls';
import { CERTIFICATE } from '../../test/contract/peers.ts';
import { withServer } from '../../test/support/peers.ts';
import { turnUntil } from '../../test/support/rig.ts';
import { securedFor } from '../../test/tls/held.ts';
import type { Agreement, TlsOptions } from '../transports/tls/tls-options.ts';
import type { Endpoint, Engine } from './engine.ts';
import { createNodeTlsEngine } from './node-tls.ts';

/** A record of TLS 1.3 with an alert: head, alert, type of what is in it, tag (RFC 8446, section 5.2). */
const CLOSE_NOTIFY_BYTES = 5 + 2 + 1 + 16;

interface Client {
  readonly engine: Engine;
  readonly lines: string[];
  readonly agreements: readonly Agreement[];
  until(done: () => boolean, what: string): Promise<void>;
  has(line: string): boolean;
}

async function withClient(options: Partial<TlsOptions>, body: (client: Client) => Promise<void>): Promise<void> {
  const lines: string[] = [];
  const agreements: Agreement[] = [];
  const engine = createNodeTlsEngine(
    {},
    securedFor(CERTIFICATE.cert, options),
    {
      onConnected: (slot) => void lines.push(`${slot} connected`),
      onSecured: (slot) => void lines.push(`${slot} secured`),
      onSecureFailure(slot, outcome, detail, isStranger) {
        lines.push(`${slot} ${isStranger ? 'stranger ' : ''}${outcome}: ${detail}`);
        engine.finish(slot);
      },
      onBytes: (slot, bytes) => void lines.push(`${slot} says ${Buffer.from(bytes)}`),
      onEnd: (slot) => void lines.push(`${slot} end`),
      onGone: (slot, cause) => void lines.push(`${slot} gone ${cause}`),
    },
    (agreement) => void agreements.push(agreement),
  );
  try {
    await body({
      engine,
      lines,
      agreements,
      until: (done, what) => turnUntil(engine, done, what),
      has: (line) => lines.includes(line),
    });
  } finally {
    await engine.dispose();
  }
}

const withTls = (
  options: ServerOptions,
  onConnection: (socket: Socket) => void,
  body: (at: Endpoint) => Promise<void>,
) => withServer({}, onConnection, body, () => createServer({ ...CERTIFICATE, ...options }, onConnection));

const echo = (socket: Socket): void => void socket.on('error', () => {}).pipe(socket);

describe('the engine over node:tls', { timeout: 60_000 }, () => {
  test('an object for each connection, and bytes as they are on the wire, of those that are closed too', async () => {
    await withTls({}, echo, (at) =>
      withClient({}, async ({ engine, until, has, lines }) => {
        const { counts, wire } = engine.tls!;
        for (const slot of [0, 1, 2]) engine.open(slot, at, undefined);
        assert.equal(engine.tls!.cameSoFar(0), 'no answer');
        await until(() => counts.secured === 3, 'secured');
        assert.deepEqual([counts.objects, counts.keptObjects, counts.resumed], [3, 3, 0]);
        await engine.turn(0);
        assert.ok(wire.bytesIn > 3 * 500 && wire.bytesOut > 3 * 250, JSON.stringify(wire));
        engine.write(0, Buffer.from('hello'));
        await until(() => has('0 says hello'), 'the echo');
        const before = wire.bytesOut;
        engine.finish(0);
        await until(() => has('0 gone closed'), 'gone');
        assert.equal(wire.bytesOut - before, CLOSE_NOTIFY_BYTES);
        assert.deepEqual([counts.objects, counts.keptObjects], [2, 2]);
        const all = { ...wire };
        engine.abort(1);
        await until(() => has('1 gone aborted') && counts.objects === 1, 'aborted');
        assert.deepEqual([wire.bytesIn >= all.bytesIn, wire.bytesOut], [true, all.bytesOut]);
        const of0 = lines.filter((line) => line.startsWith('0 '));
        assert.deepEqual(of0, ['0 connected', '0 secured', '0 says hello', '0 end', '0 gone closed']);
      }),
    );
  });

  test('each open is a first visit, unless sessions are taken up again', async () => {
    for (const resume of [false, true]) {
      for (const version of ['1.2', '1.3'] as const) {
        await withTls({}, echo, (at) =>
          withClient({ resume, versions: [version] }, async ({ engine, until, has }) => {
            const { counts } = engine.tls!;
            for (const slot of [0, 1, 2]) {
              engine.open(slot, at, undefined);
              await until(() => counts.secured === slot + 1, 'secured');
              engine.write(slot, Buffer.from('x'));
              // A session of TLS 1.3 comes before what is said first.
              await until(() => has(`${slot} says x`), 'the echo');
            }
            assert.deepEqual([counts.secured, counts.resumed], [3, resume ? 2 : 0], `TLS ${version}`);
          }),
        );
      }
    }
  });

  test('what ends agreed on is told once, by the names that OpenSSL has for it', async () => {
    const asked = {
      versions: ['1.2'],
      ciphers: 'ECDHE-ECDSA-CHACHA20-POLY1305',
      groups: 'P-384',
      alpn: ['b', 'a'],
    } as const;
    await withTls({ ALPNProtocols: ['a'], ecdhCurve: 'P-384:P-256' }, echo, (at) =>
      withClient(asked, async ({ engine, until, agreements }) => {
        for (const slot of [0, 1]) engine.open(slot, at, undefined);
        await until(() => engine.tls!.counts.secured === 2, 'secured');
        const suite = 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256';
        assert.deepEqual(agreements, [{ version: '1.2', suite, group: 'P-384', serverKey: 'EC P-256', alpn: 'a' }]);
      }),
    );
  });

  test('who speaks no TLS is a stranger; who breaks it later is not', async () => {
    await withServer(
      {},
      (socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'),
      (at) =>
        withClient({}, async ({ engine, until, has, lines }) => {
          engine.open(0, at, undefined);
          await until(() => lines.some((line) => line.startsWith('0 gone')), 'gone');
          const why = 'it speaks no TLS: the 21 bytes that it answered are no record of TLS';
          assert.ok(has(`0 stranger bad-handshake: ${why}`), lines.join('\n'));
          assert.deepEqual([engine.tls!.counts.objects, engine.tls!.counts.secured], [0, 0]);
        }),
    );
    let raw: Socket | undefined;
    const server = createServer(CERTIFICATE, echo).on('connection', (socket: Socket) => {
      raw = socket;
    });
    await withServer(
      {},
      echo,
      (at) =>
        withClient({}, async ({ engine, until, lines }) => {
          engine.open(0, at, undefined);
          await until(() => engine.tls!.counts.secured === 1, 'secured');
          // A record that nobody has the key of.
          raw!.write(Buffer.from(`1703030020${'5a'.repeat(32)}`, 'hex'));
          await until(() => lines.some((line) => line.startsWith('0 gone')), 'gone');
          assert.match(lines[2]!, /^0 bad-handshake: the peer broke TLS: decryption failed or bad record mac$/);
        }),
      () => server,
    );
  });
});
