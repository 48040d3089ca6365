import { hash, randomBytes } from 'node:crypto';
import { scramble } from '../../core/values/scramble.ts';
import type { Slot } from './protocol.ts';
import { type FillText, prepareRequest, type RequestWords, requestTemplate } from './request-words.ts';
import { DEFLATE_OFFERS, type DeflateMode } from './ws-extension.ts';

export interface UpgradeRequestOptions {
  readonly slots: number;
  /** Request target, with query: `/chat?room=1`. */
  readonly path: string;
  /** Value of the Host header: `127.0.0.1:3000`. */
  readonly hostHeader: string;
  /** Which use of permessage-deflate is offered; see {@link DEFLATE_OFFERS}. */
  readonly deflate: DeflateMode;
  /** Subprotocols that are offered, the most wanted first. */
  readonly subprotocols?: readonly string[] | undefined;
  readonly words?: RequestWords | undefined;
  /** Needed where words have holes. */
  readonly fill?: FillText | undefined;
  /** 16 bytes that keys are derived from; random unless a test wants them to repeat. */
  readonly seed: Uint8Array | undefined;
}

export interface UpgradeRequests {
  /** The request of this slot's next attempt, with a key never used before. Only valid until the next call. */
  next(slot: Slot): Uint8Array;
  /** What `Sec-WebSocket-Accept` must be in the answer to the slot's latest request. */
  expectedAccept(slot: Slot): string;
}

const KEY_PLACE = 'A'.repeat(24);
/** RFC 6455, section 1.3. */
const ACCEPT_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * Upgrade requests from one prepared buffer, in which only the key changes, or filled for each connection. Keys are not stored: seed, slot and the
 * slot's number of attempts make the key again when the answer comes.
 */
export function createUpgradeRequests(options: UpgradeRequestOptions): UpgradeRequests {
  const { slots, path, hostHeader, deflate, subprotocols = [], words, fill, seed = randomBytes(16) } = options;
  if (seed.length !== 16) throw new RangeError(`seed must have 16 bytes, not ${seed.length}`);
  const extensions = deflate === 'off' ? '' : `Sec-WebSocket-Extensions: ${DEFLATE_OFFERS[deflate]}\r\n`;
  const offers = subprotocols.length === 0 ? '' : `Sec-WebSocket-Protocol: ${subprotocols.join(', ')}\r\n`;
  const requestOf = prepareRequest(
    requestTemplate(
      'GET ',
      words?.path ?? path,
      ` HTTP/1.1\r\nHost: ${hostHeader}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n`,
      `${extensions}${offers}`,
      words?.headers ?? '',
      `Sec-WebSocket-Key: ${KEY_PLACE}\r\n\r\n`,
    ),
    fill,
  );
  const seedView = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  const seedWords = Uint32Array.from({ length: 4 }, (_, i) => seedView.getUint32(i * 4));
  const attempts = new Uint32Array(slots);
  const nonce = Buffer.alloc(16);

  function keyOf(slot: Slot): string {
    // Two bijections: no two pairs of slot and attempt share their first eight bytes. The other eight depend on both.
    const w0 = scramble(slot ^ seedWords[0]!);
    const w1 = scramble(attempts[slot]! ^ seedWords[1]! ^ w0);
    const w2 = scramble((w0 + seedWords[2]!) ^ (w1 << 7));
    nonce.writeUInt32BE(w0, 0);
    nonce.writeUInt32BE(w1, 4);
    nonce.writeUInt32BE(w2, 8);
    nonce.writeUInt32BE(scramble((w1 + seedWords[3]!) ^ (w2 << 11)), 12);
    return nonce.toString('base64');
  }

  return {
    next(slot) {
      attempts[slot] = attempts[slot]! + 1;
      const request = requestOf(slot);
      request.write(keyOf(slot), request.length - KEY_PLACE.length - 4, 'latin1');
      return request;
    },
    expectedAccept: (slot) => hash('sha1', keyOf(slot) + ACCEPT_GUID, 'base64'),
  };
}
