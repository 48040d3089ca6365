import type { IncomingMessage } from 'node:http';
import { type Answer, sentence } from './answer.ts';
import type { GuardedRequest } from './guard.ts';

/** What takes the body of a POST. What it throws becomes a 500 with its message. */
export type PostRoute = (query: URLSearchParams, body: Buffer) => Answer | Promise<Answer>;

/** By path. */
export type PostRoutes = ReadonlyMap<string, PostRoute>;

const MOST_BODY_BYTES = 2 ** 20;

/** @returns undefined where the request is none that one of them takes */
export const postRouteOf = (posts: PostRoutes | undefined, { method, url }: IncomingMessage): PostRoute | undefined =>
  method === 'POST' ? posts?.get((url ?? '/').split('?', 1)[0]!) : undefined;

/** As a guard sees a request that it lets have no body: who asks, and from where. */
export function withoutBody({ headers, ...request }: GuardedRequest): GuardedRequest {
  const { 'content-length': _, 'transfer-encoding': __, ...others } = headers;
  return { ...request, method: 'GET', headers: others };
}

/** Reads the body, and no more of it than there may be. */
export async function takePost(route: PostRoute, request: IncomingMessage): Promise<Answer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length;
      if (bytes > MOST_BODY_BYTES) return sentence(413, `a message has 1 MiB at the most`);
      pieces.push(piece);
    }
    return await route(new URLSearchParams((request.url ?? '').split('?', 2)[1] ?? ''), Buffer.concat(pieces));
  } catch (error) {
    return sentence(500, error instanceof Error ? error.message : String(error));
  }
}
