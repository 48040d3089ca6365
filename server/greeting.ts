import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpService, MakeHttpService } from './http-service.ts';

const GREETING = Buffer.from('Hello from connrig.\n');
const METHODS = 'GET, HEAD';
const NO_CONTENT = 204;

interface HeldAnswer {
  readonly response: ServerResponse;
  readonly dueAtMs: number;
}

/**
 * `/` answers a greeting at once. `/poll` has no news: its answer is held for as long as the server was told, and is empty
 * then. All are held for the same time, so one timer does for the first of them.
 */
export const createGreeting: MakeHttpService = ({ pollHoldMs }): HttpService => {
  const held = new Map<Socket, HeldAnswer>();
  let timer: NodeJS.Timeout | undefined;

  function hold(socket: Socket, response: ServerResponse): void {
    held.set(socket, { response, dueAtMs: performance.now() + pollHoldMs });
    timer ??= setTimeout(answerDue, pollHoldMs);
  }

  function answerDue(): void {
    timer = undefined;
    const nowMs = performance.now();
    for (const [socket, { response, dueAtMs }] of held) {
      if (dueAtMs > nowMs) {
        timer = setTimeout(answerDue, Math.ceil(dueAtMs - nowMs));
        return;
      }
      held.delete(socket);
      response.writeHead(NO_CONTENT).end();
    }
  }

  return {
    answer(request, response) {
      if (request.method !== 'GET' || pathOf(request) !== '/poll') return greet(request, response);
      hold(request.socket, response);
      return 0;
    },
    forget: (socket) => {
      held.delete(socket);
    },
    stop() {
      clearTimeout(timer);
      for (const { response } of held.values()) response.writeHead(NO_CONTENT).end();
      held.clear();
    },
  };
};

/** @returns bytes of the body */
function greet(request: IncomingMessage, response: ServerResponse): number {
  const { method } = request;
  const status = pathOf(request) !== '/' ? 404 : method === 'GET' || method === 'HEAD' ? 200 : 405;
  const body = status === 200 ? GREETING : Buffer.from(`${STATUS_CODES[status]}\n`);
  const headers = { 'Content-Type': 'text/plain', 'Content-Length': body.length };
  response.writeHead(status, status === 405 ? { ...headers, Allow: METHODS } : headers).end(body);
  return method === 'HEAD' ? 0 : body.length;
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
