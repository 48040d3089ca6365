import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { Missing } from './meter.ts';

/**
 * The body of an answer with status 200. One connection for one question: a kept-alive socket would come and go
 * between the readings it is part of.
 *
 * @param maxBytes more than any proper answer has
 * @throws Missing when there is no such answer in time
 */
export function fetchText(url: URL, timeoutMs: number, maxBytes: number): Promise<string> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => reject(new Missing(`${url}: ${why}`));
    const signal = AbortSignal.timeout(timeoutMs);
    const request = get(url, { agent: false, signal }, (response) => {
      if (response.statusCode !== 200) {
        response.destroy();
        return fail(`answered ${response.statusCode}`);
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

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
