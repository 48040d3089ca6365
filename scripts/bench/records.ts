import { type RecordEvents, RecordLayer } from '../../fleet/transports/tls/record-layer.ts';
import { type DrawnSuite, RECORD_SUITES } from '../fuzz/record-suites.ts';
import { Dice } from '../fuzz/seeded-choice.ts';
import type { BenchPart, Figure } from './benchmark.ts';

/** More slots than keys are at hand for, by turns: then each record has its keys derived. */
const SLOTS = 4096;
const ROUNDS = 15;
const SIZES = [64, 16_384] as const;
const MOST_ECHO_MICROS = 5;
const MOST_DERIVED_MICROS = 6;

/** Microseconds a record. */
interface RecordCost {
  readonly seal: number;
  readonly open: number;
}

export const records: BenchPart = {
  name: 'records',
  method: `What the record layer takes of one thread for a record of TLS, with nothing sent: ${SLOTS} records in a round, the best of ${ROUNDS} rounds. Either all are of one connection, whose keys are at hand, or each is of another one, whose keys are derived. An echo is one record sealed and one opened.`,
  async measure() {
    return RECORD_SUITES.flatMap((suite) => SIZES.flatMap((size) => figuresOf(suite, size)));
  },
};

function figuresOf(suite: DrawnSuite, size: number): Figure[] {
  const near = costOf(suite, size, 1);
  const far = costOf(suite, size, SLOTS);
  const what = `TLS ${suite.name}, ${size} B`;
  const echo = near.seal + near.open;
  const isSmall = size === SIZES[0];
  return [
    {
      what: `${what}: sealed, opened; an echo`,
      value: `${near.seal.toFixed(2)} µs, ${near.open.toFixed(2)} µs; ${echo.toFixed(2)} µs`,
      target: isSmall ? `≤ ${MOST_ECHO_MICROS} µs an echo` : '',
      holds: !isSmall || echo <= MOST_ECHO_MICROS,
    },
    {
      what: `${what}, keys derived: sealed, opened`,
      value: `${far.seal.toFixed(2)} µs, ${far.open.toFixed(2)} µs`,
      target: isSmall ? `≤ ${MOST_DERIVED_MICROS} µs each` : '',
      holds: !isSmall || Math.max(far.seal, far.open) <= MOST_DERIVED_MICROS,
    },
  ];
}

function costOf(suite: DrawnSuite, size: number, slots: number): RecordCost {
  const keys = suite.keysOf(new Dice(1));
  let openedBytes = 0;
  const events = eventsOf((bytes) => {
    openedBytes += bytes.length;
  });
  const ours = new RecordLayer(slots, events);
  const theirs = new RecordLayer(slots, events);
  const text = Buffer.alloc(size, 7);
  const room = Buffer.alloc(SLOTS * (size + 64));
  const wires: Buffer[] = Array.from({ length: SLOTS });
  const best = { seal: Number.POSITIVE_INFINITY, open: Number.POSITIVE_INFINITY };
  for (let round = 0; round < ROUNDS; round++) {
    for (let slot = 0; slot < slots; slot++) {
      ours.begin(slot, keys, suite.first, suite.first);
      theirs.begin(slot, suite.serversOf(keys), suite.first, suite.first);
    }
    const seal = microsOf(() => {
      for (let i = 0; i < SLOTS; i++) theirs.seal(i % slots, text);
    });
    for (let slot = 0; slot < slots; slot++) theirs.begin(slot, suite.serversOf(keys), suite.first, suite.first);
    for (let i = 0, at = 0; i < SLOTS; i++) {
      const wire = theirs.seal(i % slots, text);
      room.set(wire, at);
      wires[i] = room.subarray(at, at + wire.length);
      at += wire.length;
    }
    const open = microsOf(() => {
      for (let i = 0; i < SLOTS; i++) ours.onBytes(i % slots, wires[i]!);
    });
    best.seal = Math.min(best.seal, seal / SLOTS);
    best.open = Math.min(best.open, open / SLOTS);
  }
  ours.dispose();
  theirs.dispose();
  if (openedBytes !== ROUNDS * SLOTS * size) throw new Error(`${openedBytes} bytes came out of ${suite.name}`);
  return best;
}

const eventsOf = (onPlain: (bytes: Uint8Array) => void): RecordEvents => ({
  onSend() {},
  onPlain: (_, bytes) => onPlain(bytes),
  onPeerEnd() {},
  onTicket() {},
  onKeyUpdate() {},
  onAlert() {},
  onBroken(_, detail) {
    throw new Error(detail);
  },
});

function microsOf(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start) / 1000;
}
