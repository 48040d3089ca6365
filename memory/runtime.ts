import { ServerMemory } from '../core/schemas/admin.ts';
import type { Runtime } from '../core/schemas/readings.ts';
import { fetchText, parseJson } from './http.ts';
import { type Inspector, readInspected } from './inspector.ts';
import { Missing } from './meter.ts';

export interface RuntimeOptions {
  /** Ask for a full garbage collection in every process of the server first. */
  readonly gc?: boolean;
  /** Give up after this many ms; a collection of a large heap takes seconds. */
  readonly timeoutMs?: number;
  readonly token?: string | undefined;
}

/** What tells of a target's heap: the admin port of a reference server, or inspectors of its processes. */
interface RuntimeSource {
  readonly adminUrl?: string | undefined;
  readonly adminToken?: string | undefined;
  readonly inspectors?: readonly Inspector[];
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

/** @returns undefined when the target has no runtime that could be asked */
export function runtimeReader(
  { adminUrl, adminToken: token, inspectors = [] }: RuntimeSource,
  timeoutMs: number,
): ((gc: boolean) => Promise<Runtime>) | undefined {
  if (adminUrl) {
    return async (gc) => {
      const { collected, processes, census } = await readRuntime(adminUrl, { gc, timeoutMs, token });
      return { collected, processes, census };
    };
  }
  return inspectors.length > 0 ? (gc) => readInspected(inspectors, gc, timeoutMs) : undefined;
}
