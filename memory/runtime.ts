import { ServerMemory } from '../core/schemas/admin.ts';
import { fetchText, parseJson } from './http.ts';
import { Missing } from './meter.ts';

export interface RuntimeOptions {
  /** Ask for a full garbage collection in every process of the server first. */
  readonly gc?: boolean;
  /** Give up after this many ms; a collection of a large heap takes seconds. */
  readonly timeoutMs?: number;
  readonly token?: string | undefined;
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
  const { gc = false, timeoutMs = 10_000, token } = options;
  const url = new URL(gc ? '/memory?gc=1' : '/memory', adminUrl);
  const text = await fetchText(url, { timeoutMs, maxBytes: MAX_ANSWER_BYTES, token });
  const answer = ServerMemory.safeParse(parseJson(text));
  if (answer.success) return answer.data;
  const [issue] = answer.error.issues;
  throw new Missing(`${url} is not a connrig server's memory: ${issue?.path.join('.')} ${issue?.message}`);
}
