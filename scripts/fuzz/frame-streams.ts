import { constants, deflateRawSync } from 'node:zlib';
import type { Dice } from './seeded-choice.ts';

/** What was agreed on before the frames. */
export const TERMS = ['off', 'takeover', 'no-takeover'] as const;
export type Terms = (typeof TERMS)[number];

/** What a server sends on one connection after its handshake. */
export interface FrameStream {
  readonly terms: Terms;
  readonly pieces: readonly Buffer[];
  /** Frames in it that were changed, taken out or put in; 0: all of it is valid. */
  readonly mutated: number;
}

interface Frame {
  /** FIN, reserved bits and opcode. */
  first: number;
  isMasked: boolean;
  /** Width of the length field, in bits; the shortest unless said. */
  lengthBits: 7 | 16 | 64 | undefined;
  /** What the length field says; how long the payload is unless said. */
  announced: number | bigint | undefined;
  payload: Buffer;
}

const FIN = 0x80;
const RSV1 = 0x40;
const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const LENGTHS = [0, 0, 1, 2, 3, 5, 20, 124, 125, 126, 127, 300, 1000] as const;
const RARE_LENGTHS = [4096, 65_535, 65_536, 69_999, 70_000, 70_001] as const;
const CODES = [1000, 1001, 1003, 1007, 1011, 1013, 1014, 3000, 4000, 4999] as const;
const WRONG_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65_535] as const;
const WINDOW_BYTES = 32_768;
const TAIL_BYTES = 4;

/** A stream of valid frames of all kinds, in which at least one is then mutated, but for every tenth. */
export function frameStream(dice: Dice): FrameStream {
  const terms = dice.pick<Terms>(['off', 'off', ...TERMS]);
  const frames = validFrames(dice, terms);
  let mutated = 0;
  if (!dice.chance(0.1)) {
    const times = 1 + dice.under(3);
    for (let i = 0; i < times; i++) mutated += dice.pick(MUTATIONS)(frames, dice);
  }
  let bytes: Buffer = Buffer.concat(frames.map(encoded));
  if (mutated > 0 && dice.chance(0.1)) bytes = scratched(bytes, dice);
  return { terms, pieces: dice.cut(bytes), mutated };
}

function validFrames(dice: Dice, terms: Terms): Frame[] {
  const frames: Frame[] = [];
  let history: Buffer = Buffer.alloc(0);
  for (let i = 1 + dice.under(3); i > 0; i--) {
    if (dice.chance(0.3)) frames.push(control(dice));
    const isText = dice.chance(0.5);
    const payload = isText ? textOf(dice, lengthOf(dice)) : dice.bytes(lengthOf(dice));
    const isCompressed = terms !== 'off' && dice.chance(0.7);
    frames.push(...message(dice, isText, isCompressed ? compressed(payload, history) : payload, isCompressed));
    if (isCompressed && terms === 'takeover') history = Buffer.concat([history, payload]).subarray(-WINDOW_BYTES);
  }
  if (dice.chance(0.3)) frames.push(close(dice, dice.pick(CODES)));
  return frames;
}

const lengthOf = (dice: Dice): number => (dice.chance(0.01) ? dice.pick(RARE_LENGTHS) : dice.pick(LENGTHS));

/** In fragments, or whole; control frames may come between fragments. */
function message(dice: Dice, isText: boolean, payload: Buffer, isCompressed: boolean): Frame[] {
  const frames: Frame[] = [];
  const fragments = dice.chance(0.6) ? 1 : 1 + dice.under(4);
  let at = 0;
  for (let i = 0; i < fragments; i++) {
    const isLast = i === fragments - 1;
    const end = isLast ? payload.length : at + dice.under(payload.length - at + 1);
    const opcode = i > 0 ? OPCODE.continuation : isText ? OPCODE.text : OPCODE.binary;
    const marks = (isLast ? FIN : 0) | (isCompressed && i === 0 ? RSV1 : 0);
    if (i > 0 && dice.chance(0.2)) frames.push(control(dice));
    frames.push(frame(marks | opcode, payload.subarray(at, end)));
    at = end;
  }
  return frames;
}

const control = (dice: Dice): Frame =>
  frame(FIN | dice.pick([OPCODE.ping, OPCODE.pong]), dice.bytes(dice.pick([0, 1, 5, 125])));

function close(dice: Dice, code: number): Frame {
  const payload = Buffer.concat([Buffer.of(code >> 8, code & 0xff), textOf(dice, dice.under(20))]);
  return frame(FIN | OPCODE.close, dice.chance(0.2) ? Buffer.alloc(0) : payload);
}

/** Valid UTF-8 of about so many bytes. */
function textOf(dice: Dice, length: number): Buffer {
  const text = dice.pick(['some text, ', 'äöü ', '€', '𝄞 clef ']);
  return Buffer.from(text.repeat(Math.ceil(length / Buffer.byteLength(text)))).subarray(
    0,
    wholeCharacters(text, length),
  );
}

const wholeCharacters = (text: string, length: number): number => length - (length % Buffer.byteLength(text));

const compressed = (payload: Buffer, history: Buffer): Buffer =>
  deflateRawSync(payload, {
    ...(history.length > 0 && { dictionary: history }),
    finishFlush: constants.Z_SYNC_FLUSH,
  }).subarray(0, -TAIL_BYTES);

const frame = (first: number, payload: Buffer): Frame => ({
  first,
  isMasked: false,
  lengthBits: undefined,
  announced: undefined,
  payload: Buffer.from(payload),
});

function encoded({ first, isMasked, lengthBits, announced, payload }: Frame): Buffer {
  const said = BigInt(announced ?? payload.length);
  const bits = lengthBits ?? (said < 126n ? 7 : said < 65_536n ? 16 : 64);
  const head = Buffer.alloc(bits === 7 ? 2 : bits === 16 ? 4 : 10);
  head[0] = first;
  head[1] = (isMasked ? 0x80 : 0) | (bits === 7 ? Number(said & 0x7fn) : bits === 16 ? 126 : 127);
  if (bits === 16) head.writeUInt16BE(Number(said & 0xffffn), 2);
  if (bits === 64) head.writeBigUInt64BE(said & 0xffff_ffff_ffff_ffffn, 2);
  return Buffer.concat([head, isMasked ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}

/** Changes frames in place. @returns how many */
type Mutation = (frames: Frame[], dice: Dice) => number;

const one =
  (change: (frame: Frame, dice: Dice) => void): Mutation =>
  (frames, dice) => {
    const at = dice.under(frames.length);
    if (frames[at] === undefined) return 0;
    change(frames[at], dice);
    return 1;
  };

const MUTATIONS: readonly Mutation[] = [
  one((it, dice) => {
    it.first ^= 1 << dice.under(8);
  }),
  one((it, dice) => {
    it.first = dice.under(256);
  }),
  one((it) => {
    it.isMasked = true;
  }),
  one((it, dice) => {
    it.lengthBits = dice.pick([7, 16, 64]);
  }),
  one((it, dice) => {
    it.announced = Math.max(0, it.payload.length + dice.under(9) - 4);
  }),
  one((it, dice) => {
    it.announced = dice.pick([
      125,
      126,
      127,
      65_535,
      65_536,
      70_000,
      70_001,
      2 ** 32,
      2n ** 53n,
      2n ** 63n,
      2n ** 64n - 1n,
    ]);
  }),
  one((it, dice) => {
    if (it.payload.length > 0) it.payload[dice.under(it.payload.length)] = dice.under(256);
  }),
  one((it, dice) => {
    it.payload = it.payload.subarray(0, dice.under(it.payload.length + 1));
  }),
  one((it, dice) => {
    it.payload = Buffer.concat([it.payload, dice.bytes(1 + dice.under(4))]);
  }),
  one((it, dice) => {
    it.payload = dice.bytes(dice.under(200));
  }),
  one((it, dice) => {
    it.first = FIN | OPCODE.close;
    const code = dice.chance(0.5) ? dice.pick(WRONG_CODES) : dice.under(65_536);
    it.payload = Buffer.concat([Buffer.of(code >> 8, code & 0xff), dice.bytes(dice.under(6))]);
  }),
  one((it, dice) => {
    it.first = FIN | OPCODE.close;
    it.payload = dice.bytes(dice.pick([0, 1, 2, 126]));
  }),
  one((it) => {
    it.first |= RSV1;
  }),
  (frames, dice) => frames.splice(dice.under(frames.length), 1).length,
  (frames, dice) => {
    const at = dice.under(frames.length);
    if (frames[at] === undefined) return 0;
    frames.splice(at, 0, { ...frames[at], payload: Buffer.from(frames[at].payload) });
    return 1;
  },
  (frames, dice) => {
    if (frames.length < 2) return 0;
    const at = dice.under(frames.length - 1);
    frames.splice(at, 2, frames[at + 1]!, frames[at]!);
    return 2;
  },
];

/** Below all frames: a byte changed, taken out or put in, or the rest missing. */
function scratched(bytes: Buffer, dice: Dice): Buffer {
  const at = dice.under(bytes.length);
  const change = dice.under(4);
  if (change === 0) return bytes.subarray(0, at);
  const rest = bytes.subarray(at + (change === 2 ? 0 : 1));
  return Buffer.concat([bytes.subarray(0, at), change === 1 ? Buffer.alloc(0) : dice.bytes(1), rest]);
}
