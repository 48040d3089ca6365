import { createHash } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { readHeaders } from '../../fleet/protocols/http-head.ts';
import { createResponseReader } from '../../fleet/protocols/http-reader.ts';
import { Pieces } from '../../fleet/protocols/pieces.ts';
import { createWsProtocol } from '../../fleet/protocols/ws.ts';
import { ACCEPT } from './heads.ts';

/** What a reader makes of an answer. */
export type HeadFinding =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** By lower-case name, those of the same name joined, in order of names. */
      readonly headers: string;
      readonly body: string;
      /** It ended before the connection did, or by that where it may. */
      readonly isWhole: boolean;
      /** The connection can be used again. */
      readonly keepsOpen: boolean;
    }
  | { readonly kind: 'open' }
  | { readonly kind: 'refused'; readonly status: number }
  /** The connection ended before an answer was whole. */
  | { readonly kind: 'cut'; readonly detail: string }
  | { readonly kind: 'error'; readonly detail: string };

const SLOT = 0;

/** Reads an answer to a request for a page with the reader that measures. */
export function readPage(pieces: readonly Buffer[]): HeadFinding {
  let head: { status: number; keepsOpen: boolean; text: string } | undefined;
  let body = '';
  let finding: HeadFinding | undefined;
  const answered = (isWhole: boolean): HeadFinding => {
    const { status, keepsOpen, text } = head!;
    return { kind: 'answer', status, headers: headersIn(text), body, isWhole, keepsOpen };
  };
  const reader = createResponseReader(
    { slots: 1, pieces: new Pieces() },
    {
      onHead(_, { status, keepsOpen }, said, headEnd) {
        head = { status, keepsOpen, text: Buffer.from(said.subarray(0, headEnd)).toString('latin1') };
      },
      onBody(_, piece) {
        body += Buffer.from(piece).toString('latin1');
      },
      onComplete(slot) {
        finding ??= answered(true);
        reader.stop(slot);
      },
      onUnasked: () => undefined,
      onViolation(_, detail) {
        finding ??= { kind: 'error', detail };
      },
    },
  );
  reader.start(SLOT);
  reader.expect(SLOT);
  for (const piece of pieces) reader.read(SLOT, piece);
  const where = reader.end(SLOT);
  if (finding) return finding;
  return head ? answered(false) : { kind: 'cut', detail: where };
}

function headersIn(head: string): string {
  const headers = readHeaders(head);
  return 'outcome' in headers ? headers.detail : sorted(headers);
}

const sorted = (headers: ReadonlyMap<string, string>): string =>
  [...headers]
    .map(([name, value]) => `${name}: ${value}`)
    .sort()
    .join('\n');

/** One end of a connection on which everything has been said. */
class Said extends Duplex {
  #isAsked = false;
  readonly #onRequest: (request: string) => readonly Buffer[];

  constructor(onRequest: (request: string) => readonly Buffer[]) {
    super({ allowHalfOpen: true });
    this.#onRequest = onRequest;
  }
  override _read(): void {}
  override _write(chunk: Buffer, _: string, done: () => void): void {
    done();
    if (this.#isAsked) return;
    this.#isAsked = true;
    for (const piece of this.#onRequest(chunk.toString('latin1'))) this.push(piece);
    this.push(null);
  }
  override _final(done: () => void): void {
    done();
  }
  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** Reads the same with Node.js. */
export function readPageWithNode(pieces: readonly Buffer[]): Promise<HeadFinding> {
  return new Promise((resolve) => {
    const agent = new Agent({ keepAlive: true, maxFreeSockets: 0 });
    agent.createConnection = () => new Said(() => pieces) as never;
    let response: IncomingMessage | undefined;
    let body = '';
    let failure: NodeJS.ErrnoException | undefined;
    const asked = request({ agent, host: 'h', path: '/' });
    const settle = (): void => {
      if (response && !(failure?.code?.startsWith('HPE_') && !response.complete)) {
        const headers = new Map<string, string>();
        for (let i = 0; i < response.rawHeaders.length; i += 2) {
          const name = response.rawHeaders[i]!.toLowerCase();
          const value = response.rawHeaders[i + 1]!;
          const before = headers.get(name);
          headers.set(name, before === undefined ? value : `${before}, ${value}`);
        }
        const { statusCode: status = 0, complete: isWhole } = response;
        resolve({ kind: 'answer', status, headers: sorted(headers), body, isWhole, keepsOpen: asked.shouldKeepAlive });
      } else if (failure?.code?.startsWith('HPE_')) {
        resolve({ kind: 'error', detail: `${failure.code} ${failure.message}` });
      } else {
        resolve({ kind: 'cut', detail: String(failure?.message) });
      }
      asked.destroy();
      agent.destroy();
    };
    asked.on('response', (incoming) => {
      response = incoming;
      incoming.setEncoding('latin1');
      incoming.on('data', (piece: string) => {
        body += piece;
      });
      incoming.on('error', () => undefined);
      incoming.on('close', settle);
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      failure ??= error;
      if (!response) settle();
    });
    asked.end();
  });
}

const acceptOf = (request: string): string => {
  const key = /Sec-WebSocket-Key: (.*)\r\n/.exec(request)![1]!;
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
};

/** The bytes as they answer this request, cut as said. */
function answering(request: string, pieces: readonly Buffer[]): Buffer[] {
  const all = Buffer.concat(pieces);
  const at = all.indexOf(ACCEPT);
  if (at >= 0) all.write(acceptOf(request), at, 'latin1');
  let from = 0;
  return pieces.map(({ length }) => {
    from += length;
    return all.subarray(from - length, from);
  });
}

/** Reads an answer to an upgrade with the protocol that measures. */
export function readUpgrade(pieces: readonly Buffer[]): HeadFinding {
  let finding: HeadFinding | undefined;
  const protocol = createWsProtocol(
    { slots: 1, path: '/', hostHeader: 'h', seed: new Uint8Array(16) },
    {
      onOpen() {
        finding ??= { kind: 'open' };
      },
      onHandshakeFailure(_, outcome, detail) {
        if (outcome === 'rejected') finding ??= { kind: 'refused', status: Number(/\d{3}/.exec(detail)?.[0]) };
        else finding ??= { kind: outcome === 'closed-early' ? 'cut' : 'error', detail };
      },
      onPayload: () => undefined,
      onAnswer: () => undefined,
      onReply: () => undefined,
      onPeerClose: () => undefined,
      onProtocolError: () => undefined,
    },
  );
  const request = Buffer.from(protocol.hello(SLOT)!).toString('latin1');
  for (const piece of answering(request, pieces)) protocol.onBytes(SLOT, piece);
  protocol.onEnd(SLOT);
  return finding!;
}

/** Reads the same with the client of `ws`, which leaves heads to Node.js. */
export function readUpgradeWithWs(pieces: readonly Buffer[]): Promise<HeadFinding> {
  return new Promise((resolve) => {
    const client = new WebSocket('ws://h/', {
      perMessageDeflate: false,
      createConnection: (() => new Said((asked) => answering(asked, pieces))) as never,
    });
    let isSettled = false;
    const settle = (finding: HeadFinding): void => {
      if (isSettled) return;
      isSettled = true;
      resolve(finding);
      client.terminate();
    };
    client.on('open', () => settle({ kind: 'open' }));
    client.on('unexpected-response', (asked, { statusCode = 0 }) => {
      settle({ kind: 'refused', status: statusCode });
      asked.destroy();
    });
    client.on('error', (error: NodeJS.ErrnoException) => {
      const isCut = error.message === 'socket hang up' || error.code === 'ECONNRESET';
      settle({ kind: isCut ? 'cut' : 'error', detail: `${error.code ?? ''} ${error.message}` });
    });
  });
}
