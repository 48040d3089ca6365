import { RecordLayer } from '../../fleet/transports/tls/record-layer.ts';
import { ClassTally, type FuzzResult } from './classes.ts';
import { type RecordStream, RecordStreams } from './record-streams.ts';
import { Dice } from './seeded-choice.ts';

/** How a mutated stream may end. */
const OUTCOMES = ['broken', 'alert', 'ended'] as const;
type Ending = (typeof OUTCOMES)[number] | 'none';

/** More than what the longest record can still want: with it every stream comes to an end. */
const REST = Buffer.alloc(20_000);

/**
 * Gives as many mutated streams as asked for to the record layer, cut anywhere. Each has to end in an outcome, with no byte of data that
 * wasn't sealed in that place; one without a mutation is read whole.
 *
 * @returns what came of it; the same again with the same seed
 */
export function fuzzRecords(seed: number, mutatedStreams: number): FuzzResult {
  const dice = new Dice(seed);
  const streams = new RecordStreams();
  const reader = new StreamReader();
  const tally = new ClassTally(seed, OUTCOMES);
  while (tally.mutated < mutatedStreams) {
    const stream = streams.draw(dice);
    tally.count(stream.mutation !== undefined);
    const fault = reader.read(stream, dice);
    if (fault !== undefined) tally.disagree(undefined, () => `${stream.suite}, ${stream.mutation}: ${fault}`);
    else if (stream.mutation === undefined) tally.agree();
    else tally.disagree(reader.ending, () => `${stream.suite}, ${stream.mutation}: ${reader.ending}`);
  }
  streams.dispose();
  reader.dispose();
  return tally.result();
}

class StreamReader {
  ending: Ending = 'none';
  #plain: Buffer[] = [];
  #endings = 0;
  readonly #layer = new RecordLayer(1, {
    onSend: () => {},
    onPlain: (_, bytes) => void this.#plain.push(Buffer.from(bytes)),
    onPeerEnd: () => this.#end('ended'),
    onTicket: () => {},
    onKeyUpdate: () => {},
    onAlert: () => this.#end('alert'),
    onBroken: () => this.#end('broken'),
  });

  /** @returns what is wrong with how it was read */
  read(stream: RecordStream, dice: Dice): string | undefined {
    const first = stream.keys.version === '1.2' ? 1 : 0;
    this.ending = 'none';
    this.#plain = [];
    this.#endings = 0;
    this.#layer.begin(0, stream.keys, first, first);
    try {
      for (const piece of dice.cut(stream.wire)) this.#layer.onBytes(0, piece);
      if (stream.mutation === undefined && this.ending !== 'none')
        return `it was ${this.ending}, and nothing was wrong`;
      this.#layer.onBytes(0, REST);
    } catch (error) {
      return `it threw: ${error}`;
    }
    if (this.#endings !== 1) return `${this.#endings} outcomes`;
    const plain = Buffer.concat(this.#plain);
    if (!stream.plain.subarray(0, plain.length).equals(plain)) return 'data that nobody sealed there';
    const isWhole = plain.length === stream.plain.length;
    return stream.mutation === undefined && !isWhole ? 'data is missing' : undefined;
  }

  dispose(): void {
    this.#layer.dispose();
  }

  #end(ending: Ending): void {
    this.ending = ending;
    this.#endings++;
  }
}
