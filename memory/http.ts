import { get as getHttp, type IncomingHttpHeaders } from 'node:http';
import { get as getHttps } from 'node:https';
import { redactUrl } from '../core/values/secrets.ts';
import { describeFailure } from './http-failure.ts';
import { Missing } from './meter.ts';
import type { Trust } from './trust.ts';

export interface FetchOptions {
  readonly timeoutMs: number;
  /** More than any proper answer has. */
  readonly maxBytes: number;
  /** For endpoints that answer only who knows one. */
  readonly token?: string | undefined;
  readonly trust?: Trust | undefined;
}

/**
 * The body of an answer with status 200. One connection for one question: a kept-alive socket would come and go
 * between the readings it is part of.
 *
 * @throws Missing when there is no such answer in time; its cause is the error, if there was one
 */
export function fetchText(url: URL, { timeoutMs, maxBytes, token, trust }: FetchOptions): Promise<string> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error): void => reject(new Missing(`${redactUrl(url.href)}: ${why}`, { cause }));
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const request = get(url, { agent: false, signal, headers, ...trust }, (response) => {
      const { statusCode = 0, headers } = response;
      if (statusCode !== 200) {
        response.destroy();
        return fail(`answered ${statusCode}${WHY[statusCode] ?? whereTo(headers)}`);
      }
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length > maxBytes) request.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => resolve(text));
      response.on('error', (error) => fail(reason(error), error));
    });
    const reason = (error: Error): string =>
      signal.aborted ? `no answer within ${timeoutMs} ms` : describeFailure(error);
    request.on('error', (error) => fail(reason(error), error));
  });
}

const WHY: Readonly<Record<number, string>> = { 401: ': it wants a token, or another one' };

/** A redirection isn't followed: what leads elsewhere would lead a token there, too. */
const whereTo = ({ location }: IncomingHttpHeaders): string =>
  location === undefined ? '' : `: it redirects to ${redactUrl(location)}, which is not followed`;

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
