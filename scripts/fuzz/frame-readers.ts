import { createHash } from 'node:crypto';
import * as wsModule from 'ws';
import { createWsProtocol } from '../../fleet/protocols/ws.ts';
import type { DeflateMode } from '../../fleet/protocols/ws-extension.ts';
import type { FrameStream, Terms } from './frame-streams.ts';

/** What a reader finds in a stream, in order. */
export interface FrameFinding {
  readonly kind: 'message' | 'ping' | 'close' | 'violation';
  /** Payload of a message or ping, what a close says; as latin1. For people, what a violation is. */
  readonly text: string;
  /** Status code of a close, or of the close frame that answers a violation. */
  readonly code: number;
}

/** The most one message may hold, for both readers. */
export const MOST_MESSAGE_BYTES = 70_000;

const EXTENSIONS: Readonly<Record<Exclude<Terms, 'off'>, string>> = {
  takeover: 'permessage-deflate',
  'no-takeover': 'permessage-deflate; client_no_context_takeover; server_no_context_takeover',
};
const OFFERS: Readonly<Record<Terms, DeflateMode>> = {
  off: 'off',
  takeover: 'on',
  'no-takeover': 'no-context-takeover',
};
const SLOT = 0;

/**
 * Reads streams with the protocol that measures.
 *
 * @returns also whether the stream ended in the middle of a frame or message
 */
export function createOurReader(): (stream: FrameStream) => { found: FrameFinding[]; isMidway: boolean } {
  let found: FrameFinding[] = [];
  let message: Buffer[] = [];
  let replyCode = NO_CODE;
  let isMidway = false;
  const events: Parameters<typeof createWsProtocol>[1] = {
    onOpen: () => undefined,
    onHandshakeFailure: (_, outcome, detail) => {
      throw new Error(`the handshake failed: ${outcome}, ${detail}`);
    },
    onPayload(_, bytes, last) {
      message.push(Buffer.from(bytes));
      if (!last) return;
      found.push({ kind: 'message', text: Buffer.concat(message).toString('latin1'), code: 0 });
      message = [];
    },
    onAnswer: () => undefined,
    onReply(_, bytes) {
      const payload = unmasked(bytes);
      if ((bytes[0]! & 0x0f) === PONG) found.push({ kind: 'ping', text: payload.toString('latin1'), code: 0 });
      else replyCode = payload.length < 2 ? NO_CODE : payload.readUInt16BE(0);
    },
    onPeerClose(_, text) {
      if (!text.startsWith('FIN')) found.push({ kind: 'close', text, code: replyCode });
      isMidway = text.endsWith('in the middle of a message');
    },
    onProtocolError: (_, text) => found.push({ kind: 'violation', text, code: replyCode }),
  };
  const protocols = Object.fromEntries(
    Object.entries(OFFERS).map(([terms, deflate]) => [
      terms,
      createWsProtocol(
        {
          slots: 1,
          path: '/',
          hostHeader: 'h',
          deflate,
          maxMessageBytes: MOST_MESSAGE_BYTES,
          seed: new Uint8Array(16),
        },
        events,
      ),
    ]),
  ) as Record<Terms, ReturnType<typeof createWsProtocol>>;
  return ({ terms, pieces }) => {
    found = [];
    message = [];
    isMidway = false;
    const protocol = protocols[terms];
    protocol.onBytes(SLOT, answerTo(protocol.hello(SLOT)!, terms));
    for (const piece of pieces) protocol.onBytes(SLOT, piece);
    protocol.onEnd(SLOT);
    protocol.release(SLOT);
    return { found, isMidway };
  };
}

const PONG = 10;
/** What `ws` calls a close frame without a code. */
const NO_CODE = 1005;

/** The payload of one of our frames, which are masked and, as replies, short. */
function unmasked(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.subarray(6).map((byte, i) => byte ^ bytes[2 + (i % 4)]!));
}

function answerTo(request: Uint8Array, terms: Terms): Buffer {
  const key = /Sec-WebSocket-Key: (.*)\r\n/.exec(Buffer.from(request).toString('latin1'))![1]!;
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return Buffer.from(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      (terms === 'off' ? '' : `Sec-WebSocket-Extensions: ${EXTENSIONS[terms]}\r\n`) +
      `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
}

/** The parts of `ws` that its types leave out. */
interface WsParts {
  readonly Receiver: new (options: object) => WsReceiver;
  readonly PerMessageDeflate: new (options: object) => { accept(offers: unknown): void; cleanup(): void };
  readonly extension: { parse(header: string): Record<string, unknown> };
}
interface WsReceiver extends NodeJS.WritableStream {
  destroy(): void;
}
const { Receiver, PerMessageDeflate, extension } = wsModule as unknown as WsParts;

/** Reads a stream with `ws`, as its client does. Inflating takes turns of the event loop. */
export async function readWithWs({ terms, pieces }: FrameStream): Promise<FrameFinding[]> {
  const found: FrameFinding[] = [];
  const deflate = terms === 'off' ? undefined : new PerMessageDeflate({ maxPayload: MOST_MESSAGE_BYTES });
  if (deflate && terms !== 'off') deflate.accept(extension.parse(EXTENSIONS[terms])['permessage-deflate']);
  const receiver = new Receiver({
    extensions: deflate ? { 'permessage-deflate': deflate } : {},
    maxPayload: MOST_MESSAGE_BYTES,
  });
  let isOver = false;
  receiver.on('message', (bytes: Buffer) => found.push({ kind: 'message', text: bytes.toString('latin1'), code: 0 }));
  receiver.on('ping', (bytes: Buffer) => found.push({ kind: 'ping', text: bytes.toString('latin1'), code: 0 }));
  receiver.on('conclude', (code: number, reason: Buffer) => {
    isOver = true;
    found.push({ kind: 'close', text: closeText(code, reason), code });
  });
  receiver.on('error', (error: Error) => {
    isOver = true;
    found.push({ kind: 'violation', text: error.message, code: statusCodeOf(error) });
  });
  try {
    for (const piece of pieces) {
      if (isOver) break;
      await new Promise<void>((resolve) => receiver.write(piece, () => resolve()));
    }
  } finally {
    receiver.destroy();
    deflate?.cleanup();
  }
  return found;
}

function closeText(code: number, reason: Buffer): string {
  if (code === NO_CODE) return 'close frame without a code';
  return reason.length === 0 ? `close ${code}` : `close ${code} ${reason}`;
}

function statusCodeOf(error: Error): number {
  const key = Object.getOwnPropertySymbols(error).find(({ description }) => description === 'status-code');
  return key === undefined ? 0 : (error as unknown as Record<symbol, number>)[key]!;
}
