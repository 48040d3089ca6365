import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createProtocol } from '../../fleet/protocols/index.ts';
import { startEcho } from '../support/echo.ts';
import { createRig } from '../support/rig.ts';
import type { EngineFactory } from './subject.ts';

const HOST = '127.0.0.1';
const SLOTS = 1000;
/** Each connection sends so many: the server's later messages refer to its earlier ones, where they may. */
const ROUNDS = 3;
const SIZES = [1, 125, 1023, 1024, 4096, 65_536] as const;

/** What every engine must do with ws messages that are compressed both ways, against `ws` itself. */
export function engineDeflateContract(name: string, makeEngine: EngineFactory): void {
  describe(`${name} engine with ws and permessage-deflate`, { timeout: 120_000 }, () => {
    for (const deflate of ['on', 'no-context-takeover'] as const) {
      for (const isAccepted of [true, false]) {
        test(`${deflate}, ${isAccepted ? 'accepted' : 'declined'}: 200 connections, every size, close handshake`, async () => {
          const server = await startEcho('ws', { perMessageDeflate: isAccepted });
          const rig = createRig(makeEngine, (events) =>
            createProtocol({ name: 'ws', path: '/', hostHeader: `${HOST}:${server.port}`, deflate }, SLOTS, events),
          );
          const slots = Array.from({ length: 200 }, (_, i) => i);
          try {
            for (const slot of slots) rig.open(slot, { ip: HOST, port: server.port });
            await rig.until(() => slots.every((slot) => rig.log(slot).opened), 'open');
            assert.ok(slots.every((slot) => rig.log(slot).isDeclined !== isAccepted));
            for (let round = 1; round <= ROUNDS; round++) {
              for (const slot of slots) rig.send(slot, payloadOf(slot));
              await rig.until(() => slots.every((slot) => rig.log(slot).messages === round), `echoes ${round}`);
            }
            for (const slot of slots) {
              const wanted = Buffer.concat(Array<Uint8Array>(ROUNDS).fill(payloadOf(slot)));
              assert.ok(Buffer.concat(rig.log(slot).received).equals(wanted), `slot ${slot}`);
              rig.beat(slot);
              rig.close(slot);
            }
            await rig.until(() => slots.every((slot) => rig.log(slot).gone), 'gone');
            for (const slot of slots) {
              const { peerClose, gone, protocolError } = rig.log(slot);
              assert.deepEqual([peerClose, gone?.cause, protocolError], ['close 1000', 'closed', undefined]);
            }
          } finally {
            await rig.engine.dispose();
            await server.close();
          }
        });
      }
    }
  });
}

/** Text that compresses, and is another one for each slot. */
const payloadOf = (slot: number): Buffer => Buffer.alloc(SIZES[slot % SIZES.length]!, `message of slot ${slot}, `);
