import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { WebSocketServer } from 'ws';
import { PROTOCOLS, type ProtocolName } from '../../core/protocols/names.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import { createProtocol } from '../../fleet/protocols/index.ts';
import { startEcho } from '../support/echo.ts';
import { type HostileKind, type HostileOptions, startHostile } from '../support/hostile.ts';
import { createRig, type Rig } from '../support/rig.ts';
import { engineDeflateContract } from './engine-deflate.ts';
import { engineHttpContract } from './engine-http.ts';
import type { EngineFactory } from './subject.ts';

const HOST = '127.0.0.1';
const SLOTS = 1000;

/** What every engine must do with each protocol on top, against real servers and such as disappoint. */
export function engineProtocolContract(name: string, makeEngine: EngineFactory): void {
  const rigFor = (protocol: ProtocolName, port: number): Rig =>
    createRig(makeEngine, (events) =>
      createProtocol({ name: protocol, path: '/', hostHeader: `${HOST}:${port}` }, SLOTS, events),
    );
  engineHttpContract(name, rigFor);
  engineDeflateContract(name, makeEngine);

  for (const protocol of PROTOCOLS) {
    describe(`${name} engine with ${protocol}`, { timeout: 120_000 }, () => {
      if (DESCRIPTORS[protocol].exchange === 'messages') {
        test('500 connections: handshake, echo of every size, close handshake', async () => {
          const server = await startEcho(protocol);
          const rig = rigFor(protocol, server.port);
          const slots = Array.from({ length: 500 }, (_, i) => i);
          try {
            for (const slot of slots) rig.open(slot, { ip: HOST, port: server.port });
            await rig.until(() => slots.every((slot) => rig.log(slot).opened), 'open');
            const sizes = [1, 125, 126, 4096, 65_535, 65_536];
            const payloads = slots.map((slot) => Buffer.alloc(sizes[slot % sizes.length]!, slot % 251));
            for (const slot of slots) rig.send(slot, payloads[slot]!);
            await rig.until(() => slots.every((slot) => receivedBytes(rig, slot) >= payloads[slot]!.length), 'echoes');
            for (const slot of slots) assert.ok(Buffer.concat(rig.log(slot).received).equals(payloads[slot]!));
            for (const slot of slots) rig.beat(slot);
            for (const slot of slots) rig.close(slot);
            await rig.until(() => slots.every((slot) => rig.log(slot).gone), 'gone');
            const closing = protocol === 'ws' ? 'close 1000' : 'FIN';
            for (const slot of slots) {
              const { peerClose, gone, failure, protocolError } = rig.log(slot);
              assert.deepEqual(
                { peerClose, cause: gone?.cause, failure, protocolError },
                { peerClose: closing, cause: 'closed', failure: undefined, protocolError: undefined },
              );
            }
          } finally {
            await rig.engine.dispose();
            await server.close();
          }
        });
      }

      test('the server is killed: every connection ends by reset or FIN', async () => {
        const server = await startEcho(protocol);
        const rig = rigFor(protocol, server.port);
        const slots = Array.from({ length: 200 }, (_, i) => i);
        try {
          for (const slot of slots) rig.open(slot, { ip: HOST, port: server.port });
          await rig.until(() => slots.every((slot) => rig.log(slot).opened), 'open');
          server.kill('SIGKILL');
          await rig.until(() => slots.every((slot) => rig.log(slot).gone), 'gone');
          for (const slot of slots) assert.match(rig.log(slot).gone!.cause, /^(reset|closed)$/);
          // Its connections end before its listener may: what opens in between is reset.
          await server.close();
          rig.open(0, { ip: HOST, port: server.port });
          await rig.until(() => rig.log(0).gone !== undefined, 'refused');
          assert.equal(rig.log(0).gone!.cause, 'refused');
        } finally {
          await rig.engine.dispose();
          await server.close();
        }
      });
    });
  }

  describe(`${name} engine with ws, against a talkative server`, { timeout: 60_000 }, () => {
    test('pings, fragments, text, 1 MiB messages and a close with a code come through', async () => {
      const heard: string[] = [];
      const server = new WebSocketServer({ host: HOST, port: 0 });
      await once(server, 'listening');
      server.on('connection', (socket) => {
        socket.on('pong', (payload) => heard.push(`pong ${payload}`));
        socket.on('close', (code) => heard.push(`close ${code}`));
        socket.ping('are you there?');
        socket.send('some ', { fin: false });
        socket.ping('still?');
        socket.send('text', { fin: true });
        socket.send(Buffer.alloc(2 ** 20, 7));
        socket.send('');
        socket.on('message', (data) => {
          heard.push(`message ${data}`);
          socket.close(4001, 'enough');
        });
      });
      const { port } = server.address() as AddressInfo;
      const rig = rigFor('ws', port);
      try {
        rig.open(0, { ip: HOST, port });
        await rig.until(() => rig.log(0).messages === 3, 'three messages');
        const received = Buffer.concat(rig.log(0).received);
        assert.equal(received.toString('latin1', 0, 9), 'some text');
        assert.ok(received.subarray(9).equals(Buffer.alloc(2 ** 20, 7)));
        rig.send(0, Buffer.from('thanks'));
        await rig.until(() => rig.log(0).gone !== undefined && heard.length === 4, 'gone');
        assert.equal(rig.log(0).peerClose, 'close 4001 enough');
        assert.equal(rig.log(0).gone!.cause, 'closed');
        assert.deepEqual(heard, ['pong are you there?', 'pong still?', 'message thanks', 'close 4001']);
      } finally {
        await rig.engine.dispose();
        server.close();
      }
    });
  });

  describe(`${name} engine with ws, against servers that disappoint`, { timeout: 60_000 }, () => {
    const failures: Array<[HostileKind, string, RegExp]> = [
      ['status-200', 'rejected', /^HTTP 200 OK, an ordinary answer in place/],
      ['status-403', 'rejected', /^HTTP 403 Forbidden$/],
      ['status-302', 'rejected', /^HTTP 302 Found, redirected to "\/elsewhere"$/],
      ['garbage', 'bad-handshake', /^the answer is not HTTP/],
      ['wrong-key', 'bad-handshake', /^Sec-WebSocket-Accept is/],
      ['endless-head', 'bad-handshake', /above 16384 bytes/],
      [
        'half-response',
        'closed-early',
        /^the server closed after 60 bytes of a response head, which begins with "HTTP/,
      ],
      ['close-at-once', 'closed-early', /^the server closed without an answer$/],
    ];
    for (const [kind, outcome, detail] of failures) {
      test(`${kind} is ${outcome}`, () =>
        against(kind, {}, async (rig, port) => {
          rig.open(0, { ip: HOST, port });
          await rig.until(() => rig.log(0).gone !== undefined, 'gone');
          const { opened, failure } = rig.log(0);
          assert.equal(opened, false);
          assert.equal(failure?.outcome, outcome);
          assert.match(failure.detail, detail);
        }));
    }

    test('silent: nothing is found until we abort', () =>
      against('silent', {}, async (rig, port) => {
        rig.open(0, { ip: HOST, port });
        for (let i = 0; i < 10; i++) await rig.engine.turn(10);
        const { opened, failure, gone } = rig.log(0);
        assert.deepEqual({ opened, failure, gone }, { opened: false, failure: undefined, gone: undefined });
        rig.engine.abort(0);
        await rig.until(() => rig.log(0).gone !== undefined, 'gone');
        assert.equal(rig.log(0).gone!.cause, 'aborted');
      }));

    test('reset during the handshake is the end of the socket', () =>
      against('reset', {}, async (rig, port) => {
        rig.open(0, { ip: HOST, port });
        await rig.until(() => rig.log(0).gone !== undefined, 'gone');
        const { opened, failure, gone } = rig.log(0);
        assert.deepEqual(
          { opened, failure, cause: gone?.cause },
          { opened: false, failure: undefined, cause: 'reset' },
        );
      }));

    test('a broken frame right behind the handshake is found after it opened', () =>
      against('bad-frame', {}, async (rig, port) => {
        rig.open(0, { ip: HOST, port });
        await rig.until(() => rig.log(0).gone !== undefined, 'gone');
        assert.equal(rig.log(0).opened, true);
        assert.match(rig.log(0).protocolError!, /^reserved bits/);
      }));

    test('dropper: everything that was open goes by reset', () =>
      against('dropper', { dropAt: 100 }, async (rig, port) => {
        const slots = Array.from({ length: 100 }, (_, i) => i);
        for (const slot of slots) rig.open(slot, { ip: HOST, port });
        await rig.until(() => slots.every((slot) => rig.log(slot).gone), 'gone');
        for (const slot of slots) {
          assert.equal(rig.log(slot).opened, true);
          assert.equal(rig.log(slot).gone!.cause, 'reset');
        }
      }));

    async function against(
      kind: HostileKind,
      options: HostileOptions,
      body: (rig: Rig, port: number) => Promise<void>,
    ): Promise<void> {
      const server = await startHostile(kind, options);
      const rig = rigFor('ws', server.port);
      try {
        await body(rig, server.port);
      } finally {
        await rig.engine.dispose();
        await server.close();
      }
    }
  });
}

const receivedBytes = (rig: Rig, slot: number): number =>
  rig.log(slot).received.reduce((sum, piece) => sum + piece.length, 0);
