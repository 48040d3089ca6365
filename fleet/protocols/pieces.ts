import type { Slot } from './protocol.ts';

const MOST_BYTES = 16 * 2 ** 20;

export const TOO_MANY_PIECES = `heads that have come in part take more than ${MOST_BYTES} bytes together`;

/** What is kept of heads, lines and frames that aren't whole yet, by slot. */
export class Pieces extends Map<Slot, Uint8Array> {
  #bytes = 0;

  /** They take more than they may, all together: the connection that has just added to them can't be kept. */
  get areTooMany(): boolean {
    return this.#bytes > MOST_BYTES;
  }

  override set(slot: Slot, piece: Uint8Array): this {
    this.#bytes += piece.length - (this.get(slot)?.length ?? 0);
    return super.set(slot, piece);
  }

  override delete(slot: Slot): boolean {
    if (this.size === 0) return false;
    this.#bytes -= this.get(slot)?.length ?? 0;
    return super.delete(slot);
  }
}
