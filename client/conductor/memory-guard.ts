import { freemem, totalmem } from 'node:os';
import { RigError } from '../../core/values/errors.ts';
import { humanBytes, humanCount } from '../../core/values/units.ts';
import type { Tally } from '../../fleet/wire.ts';

/** So much of the machine is left alone, whatever a target may take: without it the kernel ends processes as it likes. */
const LEFT_SHARE = 0.05;
const LEFT_MOST_BYTES = 512 * 2 ** 20;

interface Guarded {
  readonly url: string;
  /** The most user memory of the target; undefined: the machine alone is guarded. */
  readonly limitBytes: number | undefined;
  readonly tally: () => Pick<Tally, 'open' | 'slow'>;
  /** Bytes that this machine has left. */
  readonly readFree?: () => number;
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
    const freeBytes = (this.#guarded.readFree ?? freemem)();
    if (freeBytes >= Math.min(LEFT_MOST_BYTES, totalmem() * LEFT_SHARE)) return undefined;
    return new RigError(
      'EMEMORY',
      `this machine has ${humanBytes(freeBytes)} of its ${humanBytes(totalmem())} of memory left`,
      { hint: 'fewer --connections, or a machine with more memory; connrig report shows what was measured' },
    );
  }
}
