import { readFileSync } from 'node:fs';
import { RigError } from '../../core/values/errors.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import type { Tally } from '../../fleet/wire.ts';

/** Below this share of the machine's memory whatever comes next may be killed: a run ends before that. */
const LEAST_AVAILABLE_SHARE = 0.03;

interface Guarded {
  readonly url: string;
  /** By --memory-limit; undefined: the machine alone is guarded. */
  readonly limitBytes: number | undefined;
  /** The target's memory is this machine's. */
  readonly targetIsLocal: boolean;
  readonly tally: () => Tally;
}

/** Looks at memory with each tick, and says when a run has to end for it. */
export class MemoryGuard {
  readonly #guarded: Guarded;
  #error: RigError | undefined;

  constructor(guarded: Guarded) {
    this.#guarded = guarded;
  }

  /** Why the run has to end; undefined: it need not. Once it had to, that stays so. */
  get error(): RigError | undefined {
    return this.#error;
  }

  /** @param targetBytes user memory of the target now; null: unknown */
  look(targetBytes: number | null): void {
    this.#error ??= this.#overLimit(targetBytes) ?? this.#machineIsShort();
  }

  #overLimit(targetBytes: number | null): RigError | undefined {
    const { limitBytes, url, tally } = this.#guarded;
    if (limitBytes === undefined || targetBytes === null || targetBytes <= limitBytes) return undefined;
    const { open, slow } = tally();
    const slowly = slow > 0 ? `, of which ${humanCount(slow)} read slowly` : '';
    return new RigError(
      'EMEMORYLIMIT',
      `the target took ${humanBytes(targetBytes)}, more than the ${humanBytes(limitBytes)} of --memory-limit, at ${humanCount(open)} connections to ${url}${slowly}`,
      { hint: 'give it more by --memory-limit, or ask for fewer connections; connrig report shows what was measured' },
    );
  }

  #machineIsShort(): RigError | undefined {
    if (!this.#guarded.targetIsLocal) return undefined;
    const memory = readMachine();
    if (!memory || memory.availableBytes >= LEAST_AVAILABLE_SHARE * memory.totalBytes) return undefined;
    return new RigError(
      'EMEMORY',
      `this machine has ${humanBytes(memory.availableBytes)} of its ${humanBytes(memory.totalBytes)} of memory left`,
      { hint: 'fewer --connections, or a machine with more memory; connrig report shows what was measured' },
    );
  }
}

/** Cheap enough for each tick. @returns undefined where there is no /proc */
function readMachine(): { readonly totalBytes: number; readonly availableBytes: number } | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/meminfo', 'latin1');
  } catch {
    return undefined;
  }
  const [total, available] = ['MemTotal', 'MemAvailable'].map((name) =>
    new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text),
  );
  return total && available
    ? { totalBytes: Number(total[1]) * 1024, availableBytes: Number(available[1]) * 1024 }
    : undefined;
}
