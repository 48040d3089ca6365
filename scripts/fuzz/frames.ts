import { isUtf8 } from 'node:buffer';
import { ClassTally, type Disagreement, type FuzzResult } from './classes.ts';
import { endsWithBlock, readMessages } from './frame-facts.ts';
import { createOurReader, type FrameFinding, readWithWs } from './frame-readers.ts';
import { type FrameStream, frameStream } from './frame-streams.ts';
import { Dice } from './seeded-choice.ts';

interface FrameCase {
  readonly stream: FrameStream;
  /** Our reader's stream ended in the middle of a frame or message. */
  readonly isMidway: boolean;
  /** What both found before, alike. */
  readonly before: readonly FrameFinding[];
}

const INFLATING = /^(?:compressed message|message inflates|invalid (?!UTF-8)|too many|Max payload)/;
const failsToInflate = (finding: FrameFinding | undefined): boolean =>
  finding?.kind === 'violation' && finding.code !== 1002 && INFLATING.test(finding.text);

/** How our reader of frames and that of `ws` may differ. */
export const FRAME_CLASSES: ReadonlyArray<Disagreement<FrameFinding, FrameCase>> = [
  {
    name: 'length-not-shortest',
    matches: (ours) => ours?.kind === 'violation' && ours.text === 'frame length not in its shortest form',
  },
  {
    name: 'text-not-utf8',
    matches: (ours, theirs) =>
      theirs?.code === 1007 &&
      theirs.text.endsWith('invalid UTF-8 sequence') &&
      ours?.kind === 'message' &&
      !isUtf8(Buffer.from(ours.text, 'latin1')),
  },
  {
    name: 'head-in-pieces',
    matches: (ours, theirs, { isMidway }) => ours === undefined && theirs?.code === 1002 && isMidway,
  },
  {
    name: 'inflated-whole',
    matches(ours, theirs, at) {
      const message = readMessages(Buffer.concat(at.stream.pieces))[messagesOf(at.before).length];
      const isInPieces = message?.isCompressed === true && (message.fragments > 1 || !message.isWhole);
      return failsToInflate(theirs) && isInPieces && ours?.kind !== 'message';
    },
  },
  {
    name: 'block-without-end',
    matches(ours, theirs, { stream, before }) {
      if (![ours, theirs].every((one) => one?.kind === 'message' || one?.code === 1007 || failsToInflate(one)))
        return false;
      const done = messagesOf(before);
      const messages = readMessages(Buffer.concat(stream.pieces)).slice(0, done.length + 1);
      return messages.some(({ isCompressed, payload }, i) => {
        const said = stream.terms === 'takeover' ? done.slice(0, i) : [];
        return isCompressed && !endsWithBlock(payload, Buffer.concat(said).subarray(-WINDOW_BYTES));
      });
    },
  },
];

const WINDOW_BYTES = 32_768;
const messagesOf = (found: readonly FrameFinding[]): Buffer[] =>
  found.filter(({ kind }) => kind === 'message').map(({ text }) => Buffer.from(text, 'latin1'));

/**
 * Gives as many streams as asked for, each with at least one mutated frame, to our reader and to `ws`.
 *
 * @returns what came of it; the same again with the same seed
 */
export async function fuzzFrames(seed: number, mutatedStreams: number): Promise<FuzzResult> {
  const dice = new Dice(seed);
  const readOurs = createOurReader();
  const tally = new ClassTally(
    seed,
    FRAME_CLASSES.map(({ name }) => name),
  );
  while (tally.mutated < mutatedStreams) {
    const stream = frameStream(dice);
    tally.count(stream.mutated > 0);
    const { found, isMidway } = readOurs(stream);
    const theirs = await readWithWs(stream);
    const at = firstDifference(found, theirs);
    if (at === undefined) {
      tally.agree();
      continue;
    }
    const known = FRAME_CLASSES.find(({ matches }) =>
      matches(found[at], theirs[at], { stream, isMidway, before: found.slice(0, at) }),
    );
    tally.disagree(
      stream.mutated > 0 ? known?.name : undefined,
      () => `${wordsOf(found[at])}, ws: ${wordsOf(theirs[at])}; ${stream.terms}`,
    );
  }
  return tally.result();
}

function firstDifference(ours: readonly FrameFinding[], theirs: readonly FrameFinding[]): number | undefined {
  const length = Math.max(ours.length, theirs.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [ours[at], theirs[at]];
    if (!one || !other || one.kind !== other.kind || one.code !== other.code) return at;
    // Each has words of its own for a violation.
    if (one.kind !== 'violation' && one.text !== other.text) return at;
  }
  return undefined;
}

const wordsOf = (finding: FrameFinding | undefined): string =>
  finding ? `${finding.kind} ${finding.code} ${JSON.stringify(finding.text.slice(0, 60))}` : 'nothing more';
