import { WebSocket } from 'ws';
import { type ZodType, z } from 'zod';
import { fetchText, parseJson } from './http.ts';
import { Missing } from './meter.ts';

/** A line to one process's JavaScript engine: method and parameters out, a result back (Chrome DevTools Protocol). */
export interface InspectorSession {
  /** @throws Missing when it is refused, isn't answered in time or as expected, or the line is cut */
  call<T>(method: string, params: object, result: ZodType<T>, timeoutMs: number): Promise<T>;
  close(): Promise<void>;
}

const MAX_LIST_BYTES = 2 ** 20;
/** More than any answer to what we ask. */
const MAX_MESSAGE_BYTES = 2 ** 20;
const CLOSE_WITHIN_MS = 1000;

/** Its path alone is used, and only one that can't be taken for anything else, whatever it is put behind. */
const LISTED_PATH = /^wss?:\/\/[^/?#\s]+(\/[\w/-]{1,200})$/;
const Listed = z.array(z.object({ webSocketDebuggerUrl: z.string() }));
const Message = z.object({
  id: z.number().optional(),
  method: z.string().optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Missing) => void;
}

/**
 * Opens the one line that is kept for as long as a target is measured. No domain is enabled that records anything.
 *
 * A Node.js process that wants to end waits until every line to its inspector is closed. Ours asks to be told of that
 * and closes then, or a target that ends by itself would never be seen to be gone.
 *
 * @param address host:port as in `node --inspect=host:port`
 * @throws Missing when no inspector answers there in time
 */
export async function openInspectorSession(address: string, timeoutMs: number): Promise<InspectorSession> {
  const socket = new WebSocket(await socketUrlAt(address, timeoutMs), {
    perMessageDeflate: false,
    followRedirects: false,
    handshakeTimeout: timeoutMs,
    maxPayload: MAX_MESSAGE_BYTES,
  });
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let why = 'the inspector closed the connection';
  const gone = (): Missing => new Missing(`${address}: ${why}`);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      for (const { reject } of pending.values()) reject(gone());
      pending.clear();
      resolve();
    });
  });
  socket.on('error', (error) => {
    why = error.message;
  });
  socket.on('message', (data) => {
    const message = Message.safeParse(parseJson(String(data)));
    if (!message.success) return;
    const { id, method, result, error } = message.data;
    if (method === 'NodeRuntime.waitingForDisconnect') {
      why = 'the process ended';
      socket.close();
    }
    if (id === undefined) return;
    if (error) pending.get(id)?.reject(new Missing(`${address}: ${error.message}`));
    else pending.get(id)?.resolve(result);
    pending.delete(id);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    void closed.then(() => reject(gone()));
  });

  const ask = (method: string, params: object, withinMs: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (socket.readyState !== WebSocket.OPEN) return reject(gone());
      const id = ++lastId;
      const late = setTimeout(() => {
        pending.delete(id);
        reject(new Missing(`${address}: no answer within ${withinMs} ms`));
      }, withinMs);
      pending.set(id, {
        resolve: (result) => {
          clearTimeout(late);
          resolve(result);
        },
        reject: (error) => {
          clearTimeout(late);
          reject(error);
        },
      });
      socket.send(JSON.stringify({ id, method, params }));
    });
  const session: InspectorSession = {
    async call(method, params, result, withinMs) {
      const answer = result.safeParse(await ask(method, params, withinMs));
      if (answer.success) return answer.data;
      const [issue] = answer.error.issues;
      throw new Missing(
        `${address} answers ${method} otherwise than Node.js: ${issue?.path.join('.')} ${issue?.message}`,
      );
    },
    async close() {
      why = 'it was closed by us';
      socket.close();
      const force = setTimeout(() => socket.terminate(), CLOSE_WITHIN_MS);
      await closed;
      clearTimeout(force);
    },
  };
  // Only Node.js knows of it; whatever else has such an inspector ends without waiting for us.
  const refused = (error: unknown): void => {
    if (!(error instanceof Missing)) throw error;
  };
  await ask('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true }, timeoutMs).catch(refused);
  return session;
}

/** Tried in turn; nobody else is asked what it is. */
const LOCALHOST = ['127.0.0.1', '[::1]'];

/** What it lists may name another host (its own view of itself, or a bait), so only the path of it is taken. */
async function socketUrlAt(address: string, timeoutMs: number): Promise<URL> {
  const port = /^localhost:(\d+)$/.exec(address)?.[1];
  const addresses = port === undefined ? [address] : LOCALHOST.map((host) => `${host}:${port}`);
  let missing: unknown;
  for (const one of addresses) {
    try {
      const url = new URL(`ws://${one}`);
      url.pathname = await listedPathAt(one, timeoutMs);
      return url;
    } catch (error) {
      missing ??= error;
    }
  }
  throw missing;
}

async function listedPathAt(address: string, timeoutMs: number): Promise<string> {
  const from = new URL('/json/list', `http://${address}`);
  const listed = Listed.safeParse(parseJson(await fetchText(from, { timeoutMs, maxBytes: MAX_LIST_BYTES })));
  const [, path] = LISTED_PATH.exec(listed.data?.[0]?.webSocketDebuggerUrl ?? '') ?? [];
  if (path === undefined) throw new Missing(`${from} is not what an inspector answers`);
  return path;
}
