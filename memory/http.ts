import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { redactUrl } from '../core/values/secrets.ts';
import { Missing } from './meter.ts';

export interface FetchOptions {
  readonly timeoutMs: number;
  /** More than any proper answer has. */
  readonly maxBytes: number;
  /** For endpoints that answer only who knows one. */
  readonly token?: string | undefined;
}

/**
 * The body of an answer with status 200. One connection for one question: a kept-alive socket would come and go
 * between the readings it is part of.
 *
 * @throws Missing when there is no such answer in time
 */
export function fetchText(url: URL, { timeoutMs, maxBytes, token }: FetchOptions): Promise<string> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Missing(`${redactUrl(url.href)}: ${why}`));
    const signal = AbortSignal.timeout(timeoutMs);
    const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    const request = get(url, { agent: false, signal, headers }, (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        return fail(`answered ${response.statusCode}${WHY[response.statusCode ?? 0] ?? ''}`);
      }
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => {
        text += piece;
        if (text.length > maxBytes) request.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => resolve(text));
      response.on('error', (error) => fail(reason(error)));
    });
    const reason = (error: Error): string => (signal.aborted ? `no answer within ${timeoutMs} ms` : error.message);
    request.on('error', (error) => fail(reason(error)));
  });
}

const WHY: Readonly<Record<number, string>> = { 401: ': it wants a token, or another one' };

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
