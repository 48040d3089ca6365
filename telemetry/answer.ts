import type { Writable } from 'node:stream';

/** What an endpoint answers to one request. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Beside those that every answer has. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Called when it is on its way, unless the peer has left meanwhile. */
  readonly taken?: () => void;
}

/** An answer that goes on for as long as the peer takes it: events. */
export interface Streamed extends Omit<Answer, 'body' | 'taken'> {
  /**
   * Called once the head is on its way. The peer is dropped when it takes nothing for a while, so something has to be
   * written now and then; `close` tells that it is gone.
   */
  readonly stream: (to: Writable) => void;
}

/** The peer that asked for a page. */
export interface Asker {
  /** It knows the token that is asked for here. */
  readonly isTrusted: boolean;
  /** Whether it still waits for an answer. */
  isThere(): boolean;
}

/** One page of an endpoint. What it throws becomes a 500 with its message. A page that costs is made `inTurns`. */
export type Route = (query: URLSearchParams, asker: Asker) => Promise<Answer | Streamed>;

/** One clear sentence for a person. */
export const sentence = (status: number, text: string, headers: Answer['headers'] = {}): Answer => ({
  status,
  type: 'text/plain',
  body: `${text}\n`,
  headers,
});

export const json = <T>(value: T): Answer => ({
  status: 200,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
});

/** A 400 for the first parameter that isn't among those known. */
export function noQuery(query: URLSearchParams, ...known: readonly string[]): Answer | undefined {
  const stranger = [...query.keys()].find((name) => !known.includes(name));
  if (stranger === undefined) return undefined;
  const there = known.length > 0 ? `known: ${known.join(', ')}` : 'none is known here';
  return sentence(400, `unknown parameter ${stranger}; ${there}`);
}
