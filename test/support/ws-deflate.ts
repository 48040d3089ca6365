import { constants, createDeflateRaw, type DeflateRaw, deflateRawSync } from 'node:zlib';
import { hex, opened, type WsFinding, type WsSubject } from './ws-subject.ts';

export const DEFLATE_CHOSEN = 'permessage-deflate';
export const SYNC = { finishFlush: constants.Z_SYNC_FLUSH };
export const RSV1 = 0x40;
export const HELLO = Buffer.from('Hello');
/** "Hello" as RFC 7692, section 7.2.3.1, has it. */
export const HELLO_DEFLATED = hex('f2 48 cd c9 c9 07 00');

export const openStateless = (): WsSubject =>
  opened({ deflate: 'no-context-takeover', extensions: `${DEFLATE_CHOSEN}; server_no_context_takeover` });
export const openTakingOver = (more = ''): WsSubject => opened({ deflate: 'on', extensions: DEFLATE_CHOSEN + more });
export const listMessages = (...messages: Uint8Array[]): WsFinding[] =>
  messages.map((message) => ['message', Buffer.from(message).toString('hex')]);

/** A frame as a server sends it. */
export function makeServerFrame(first: number, payload: Uint8Array): Buffer {
  const { length } = payload;
  const header = length < 126 ? [first, length] : [first, 126, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), payload]);
}
export const makeCompressedFrame = (payload: Uint8Array): Buffer => makeServerFrame(0x82 | RSV1, payload);
export const deflateMessage = (payload: Uint8Array): Buffer => deflateRawSync(payload, SYNC).subarray(0, -4);

/** The compressor of a server that refers to what it said before. */
export class ServerWindow {
  readonly #stream: DeflateRaw;
  readonly #out: Buffer[] = [];
  constructor(windowBits = 15) {
    this.#stream = createDeflateRaw({ windowBits }).on('data', (piece: Buffer) => this.#out.push(piece));
  }
  deflated(message: Uint8Array): Promise<Buffer> {
    this.#stream.write(message);
    return new Promise((resolve) => {
      this.#stream.flush(constants.Z_SYNC_FLUSH, () => resolve(Buffer.concat(this.#out.splice(0)).subarray(0, -4)));
    });
  }
}
