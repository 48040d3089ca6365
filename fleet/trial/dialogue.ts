import type { ProtocolName } from '../../core/protocols/names.ts';
import { FramesSaid } from './frames-said.ts';
import { HttpSaid } from './http-said.ts';
import type { Said, SaidReader } from './said.ts';

/** Takes what both sides of one connection say apart, by what its protocol is: for people who look on. */
export class Dialogue {
  #ours: SaidReader;
  #theirs: SaidReader;

  constructor(protocol: ProtocolName) {
    this.#ours = protocol === 'tcp' ? STREAM : new HttpSaid(false);
    this.#theirs = protocol === 'tcp' ? STREAM : new HttpSaid(true, (rest) => this.#switch(rest));
  }

  sent(bytes: Uint8Array): readonly Said[] {
    return this.#ours.read(bufferOver(bytes));
  }

  received(bytes: Uint8Array): readonly Said[] {
    return this.#theirs.read(bufferOver(bytes));
  }

  /** What is left of each side that is not whole. */
  end(): { readonly ours: readonly Said[]; readonly theirs: readonly Said[] } {
    return { ours: this.#ours.end(), theirs: this.#theirs.end() };
  }

  /** From now on both speak ws. */
  #switch(rest: Buffer): readonly Said[] {
    this.#ours = new FramesSaid();
    this.#theirs = new FramesSaid();
    return this.#theirs.read(rest);
  }
}

/** What has no boundaries. */
const STREAM: SaidReader = {
  read: (bytes) => [{ kind: 'bytes', bytes: Buffer.from(bytes) }],
  end: () => [],
};

const bufferOver = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
