import { Aead } from '../../fleet/transports/tls/aead.ts';
import { loadLibCrypto } from '../../fleet/transports/tls/libcrypto.ts';
import { RecordWriter } from '../../fleet/transports/tls/record-writer.ts';
import { SlotKeys, sendingLane } from '../../fleet/transports/tls/slot-keys.ts';
import type { TrafficKeys } from '../../fleet/transports/tls/traffic-keys.ts';
import { RECORD_SUITES, type RecordSuiteName } from './record-suites.ts';
import type { Dice } from './seeded-choice.ts';

/** What a server sends on an open connection, and what is to be read of it. */
export interface RecordStream {
  readonly suite: RecordSuiteName;
  /** The client's. */
  readonly keys: TrafficKeys;
  readonly wire: Buffer;
  /** What was sealed as data, in order, before the first thing that ends the connection. */
  readonly plain: Buffer;
  /** What was done to it; undefined: nothing, all of it is right. */
  readonly mutation: string | undefined;
}

type Records = Buffer[];

/** Draws streams of sealed records. Everything is made in one slot, again and again. */
export class RecordStreams {
  readonly #keys = new SlotKeys(1);
  readonly #aead = new Aead(loadLibCrypto(), this.#keys);
  readonly #writer = new RecordWriter(this.#keys, this.#aead);

  draw(dice: Dice): RecordStream {
    const suite = dice.pick(RECORD_SUITES);
    const keys = suite.keysOf(dice);
    this.#keys.begin(0, suite.serversOf(keys), suite.first, suite.first);
    this.#aead.forget(0);
    const plain: Buffer[] = [];
    const records: Records = [];
    const count = 1 + dice.under(6);
    for (let i = 0; i < count; i++) records.push(this.#valid(dice, plain, keys.version));
    const isMutated = dice.chance(0.9);
    const mutation = isMutated ? this.#mutate(dice, records, keys.version) : undefined;
    return { suite: suite.name, keys, wire: Buffer.concat(records), plain: Buffer.concat(plain), mutation };
  }

  dispose(): void {
    this.#aead.dispose();
  }

  /** A record that a server may send. */
  #valid(dice: Dice, plain: Buffer[], version: TrafficKeys['version']): Buffer {
    const kind = dice.under(10);
    if (kind >= 4) {
      const data = dice.bytes(dice.chance(0.02) ? 16_384 : dice.under(40));
      plain.push(data);
      const padding = version === '1.3' && dice.chance(0.2) && data.length < 100 ? 1 + dice.under(50) : 0;
      return padding === 0
        ? this.#seal(23, data)
        : this.#seal(0, Buffer.concat([data, PADDED, Buffer.alloc(padding - 1)]));
    }
    if (version === '1.2') return kind < 2 ? this.#seal(22, Buffer.alloc(4)) : this.#seal(21, Buffer.of(1, 90));
    if (kind === 0) return this.#seal(21, Buffer.of(1, 90));
    const ticket = Buffer.of(4, 0, 0, 2, dice.under(256), dice.under(256));
    if (kind === 1) return this.#seal(22, ticket);
    if (kind === 2) return Buffer.concat([this.#seal(22, ticket.subarray(0, 3)), this.#seal(22, ticket.subarray(3))]);
    const record = this.#seal(22, Buffer.of(24, 0, 0, 1, dice.under(2)));
    this.#aead.update(0, sendingLane(0));
    return record;
  }

  /** Changes what was sealed, or seals what nobody may send. */
  #mutate(dice: Dice, records: Records, version: TrafficKeys['version']): string {
    const at = dice.under(records.length);
    const record = records[at]!;
    switch (dice.under(9)) {
      case 0: {
        const byte = dice.under(record.length);
        record[byte] = record[byte]! ^ (1 << dice.under(8));
        return 'a bit';
      }
      case 1:
        record.writeUInt16BE(dice.under(20_000), 3);
        // Its own length would be no change.
        if (record.readUInt16BE(3) === record.length - 5) record.writeUInt16BE(7, 3);
        return 'a length';
      case 2:
        records[at] = record.subarray(0, dice.under(record.length));
        return 'a cut record';
      case 3:
        records.splice(at, 0, Buffer.from(record));
        return 'a record twice';
      case 4: {
        const into = dice.under(record.length + 1);
        records[at] = Buffer.concat([record.subarray(0, into), dice.bytes(1 + dice.under(8)), record.subarray(into)]);
        return 'bytes put in';
      }
      case 5:
        records[at] = dice.bytes(1 + dice.under(60));
        return 'noise';
      default: {
        const type = dice.pick(TYPES);
        // Behind random bytes a type of 0 is padding, and they may end in a type.
        const noise = type === 0 ? Buffer.alloc(dice.under(30)) : dice.bytes(dice.under(30));
        records.push(this.#seal(type, type !== 0 && dice.chance(0.5) ? noiseLike(dice, version) : noise));
        return 'sealed noise';
      }
    }
  }

  #seal(type: number, content: Uint8Array): Buffer {
    this.#writer.start(content.length, 1);
    this.#writer.add(0, type, content);
    return Buffer.from(this.#writer.written());
  }
}

const PADDED = Buffer.of(23);
/** Types of records; half of them are none. */
const TYPES = [0, 20, 21, 21, 22, 22, 22, 24, 255];

/** Nearly an alert or a message. */
function noiseLike(dice: Dice, version: TrafficKeys['version']): Buffer {
  if (dice.chance(0.3)) return Buffer.of(dice.under(4), dice.chance(0.2) ? 0 : dice.under(256));
  const type = version === '1.3' ? dice.pick([4, 24, 24]) : 0;
  const body = dice.bytes(dice.under(5));
  return Buffer.concat([Buffer.of(type, 0, 0, dice.under(6)), body]);
}
