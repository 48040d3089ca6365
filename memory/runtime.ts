import { get } from 'node:http';
import { ServerMemory } from '../core/admin.ts';
import { Missing } from './meter.ts';

export interface RuntimeOptions {
  /** Ask for a full garbage collection in every process of the server first. */
  readonly gc?: boolean;
  /** Give up after this many ms; a collection of a large heap takes seconds. */
  readonly timeoutMs?: number;
}

/** More than any reference server answers; what is longer isn't one. */
const MAX_ANSWER_BYTES = 4 * 2 ** 20;

/**
 * What a reference server says of its own JavaScript heap and connections.
 *
 * @param adminUrl of its admin port, such as http://127.0.0.1:9100
 * @throws Missing when it doesn't answer in time, or answers something else
 */
export async function readRuntime(adminUrl: string, options: RuntimeOptions = {}): Promise<ServerMemory> {
  const { gc = false, timeoutMs = 10_000 } = options;
  const url = new URL(gc ? '/memory?gc=1' : '/memory', adminUrl);
  const text = await fetchText(url, timeoutMs);
  const answer = ServerMemory.safeParse(parseJson(text));
  if (answer.success) return answer.data;
  const [issue] = answer.error.issues;
  throw new Missing(`${url} is not a connrig server's memory: ${issue?.path.join('.')} ${issue?.message}`);
}

/** One connection for one question: a kept-alive socket would come and go between the readings it is part of. */
function fetchText(url: URL, timeoutMs: number): Promise<string> {
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
        if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error('the answer is too long'));
      });
      response.on('end', () => resolve(text));
      response.on('error', (error) => fail(reason(error)));
    });
    const reason = (error: Error): string => (signal.aborted ? `no answer within ${timeoutMs} ms` : error.message);
    request.on('error', (error) => fail(reason(error)));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
