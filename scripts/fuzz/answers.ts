import { ClassTally, type Disagreement, type FuzzResult } from './classes.ts';
import { type HeadFinding, readPage, readPageWithNode, readUpgrade, readUpgradeWithWs } from './head-readers.ts';
import { answer, type HeadAnswer } from './heads.ts';
import { Dice } from './seeded-choice.ts';

type AnswerClass = Disagreement<HeadFinding, string>;

/** Node.js refuses with such words. */
const saysError = (finding: HeadFinding | undefined, words: RegExp): boolean =>
  finding?.kind === 'error' && words.test(finding.detail);
const isError = (finding: HeadFinding | undefined, words: string): boolean =>
  finding?.kind === 'error' && finding.detail.startsWith(words);
const isUsable = (finding: HeadFinding | undefined): boolean =>
  finding?.kind === 'answer' || finding?.kind === 'open' || finding?.kind === 'refused';

/** How our readers of answers and those of Node.js and `ws` may differ; each is given the answer as latin1. */
export const ANSWER_CLASSES: readonly AnswerClass[] = [
  {
    name: 'judged-when-whole',
    matches: (ours, theirs) =>
      theirs?.kind === 'error' && (ours?.kind === 'cut' || (ours?.kind === 'answer' && !ours.isWhole)),
  },
  {
    name: 'refused-by-status',
    matches: (ours, theirs) => ours?.kind === 'refused' && theirs?.kind === 'error',
  },
  {
    name: 'switch-without-upgrade',
    matches: (ours, theirs) =>
      (isError(ours, 'Upgrade header is') || isError(ours, 'Connection header is')) &&
      theirs?.kind === 'refused' &&
      theirs.status === 101,
  },
  {
    name: 'switch-unasked',
    matches: (ours, theirs) =>
      ours?.kind === 'error' &&
      ours.detail.endsWith('nobody asked for another protocol') &&
      theirs?.kind === 'answer' &&
      theirs.status === 101,
  },
  {
    name: 'empty-line-before',
    matches: (ours, _, said) =>
      (isError(ours, 'the answer is not HTTP: it begins with "\\r') ||
        isError(ours, 'the answer is not HTTP: it begins with "\\n')) &&
      /(?:^|\n\r?\n)[\r\n]/.test(said),
  },
  {
    name: 'status-out-of-range',
    matches: (ours) => ours?.kind === 'error' && ours.detail.endsWith('there is no such status'),
  },
  {
    name: 'length-repeated',
    matches: (ours, theirs, said) =>
      isUsable(ours) &&
      (saysError(theirs, /Duplicate Content-Length/) ||
        (saysError(theirs, /Invalid character in Content-Length/) && /content-length:[ \t]*(\d+)[ \t]*,/i.test(said))),
  },
  {
    name: 'length-beside-coding',
    matches: (ours, theirs) => isUsable(ours) && saysError(theirs, /can't be present with/),
  },
  {
    name: 'body-too-large',
    matches: (ours, theirs) => saysError(ours, /^a body of \d+ bytes; the limit is/) && theirs?.kind !== 'open',
  },
  {
    name: 'length-unused',
    matches: (ours, theirs, said) =>
      isUsable(ours) && saysError(theirs, /HPE_INVALID_CONTENT_LENGTH/) && /(?:^|\n)content-length:/i.test(said),
  },
  {
    name: 'interim-closes',
    matches: (ours, theirs, said) =>
      isUsable(ours) && saysError(theirs, /HPE_CLOSED_CONNECTION/) && /^HTTP\/1\.\d 1\d\d/.test(said),
  },
  {
    name: 'minor-version',
    matches: (ours, theirs, said) =>
      isUsable(ours) && saysError(theirs, /Invalid HTTP version/) && /HTTP\/1\.[2-9] /.test(said),
  },
  {
    name: 'other-version',
    matches: (ours, theirs, said) =>
      isError(ours, 'the answer is not HTTP: it begins with "HTTP/') && theirs?.kind === 'cut' && /HTTP\/\d/.test(said),
  },
  {
    name: 'upgrade-in-http-1.0',
    matches: (ours, theirs) =>
      isError(ours, 'HTTP/1.0 has no upgrade') &&
      (theirs?.kind === 'open' || (theirs?.kind === 'refused' && theirs.status === 101)),
  },
  {
    name: 'cr-in-status-line',
    matches: (ours, theirs, said) =>
      (isError(ours, 'malformed status line') || ours?.kind === 'cut') &&
      theirs?.kind !== 'error' &&
      /HTTP\/1\.\d \d{3}[^\n]*\r[^\n]/.test(said),
  },
  {
    name: 'tab-behind-value',
    matches: (ours, theirs, said) =>
      /\n(?:connection|transfer-encoding):[^\n]*\t/i.test(said) &&
      ((ours?.kind === 'open' && theirs?.kind === 'refused' && theirs.status === 101) ||
        (ours?.kind === 'answer' &&
          theirs?.kind === 'answer' &&
          ours.status === theirs.status &&
          ours.headers === theirs.headers)),
  },
  {
    name: 'empty-member',
    matches: (ours, theirs, said) =>
      ours?.kind === 'answer' &&
      theirs?.kind === 'answer' &&
      ours.status === theirs.status &&
      ours.headers === theirs.headers &&
      /\n(?:connection|transfer-encoding):(?:[^\n]*,[ \t]*[,\r]|[ \t]*,)/i.test(said),
  },
  {
    name: 'behind-chunk-size',
    matches: (ours, theirs, said) =>
      ours?.kind === 'answer' &&
      saysError(theirs, /chunk extension|chunk size/) &&
      /\n[0-9a-f]+(?:[ \t]+|[ \t]*;[^\n]*)\r\n/i.test(said),
  },
];

/**
 * Gives as many mutated answers as asked for to our readers, to Node.js (pages) and to `ws` (upgrades).
 *
 * @returns what came of it; the same again with the same seed
 */
export async function fuzzAnswers(seed: number, mutatedAnswers: number): Promise<FuzzResult> {
  const dice = new Dice(seed);
  const tally = new ClassTally(
    seed,
    ANSWER_CLASSES.map(({ name }) => name),
  );
  while (tally.mutated < mutatedAnswers) {
    const given = answer(dice);
    tally.count(given.mutated);
    const pieces = dice.cut(given.bytes);
    const [ours, theirs] = await readBoth(given, pieces);
    if (isSame(ours, theirs)) {
      tally.agree();
      continue;
    }
    const said = given.bytes.toString('latin1');
    const known = ANSWER_CLASSES.find(({ matches }) => matches(ours, theirs, said));
    tally.disagree(
      given.mutated ? known?.name : undefined,
      () => `${wordsOf(ours)}, Node.js: ${wordsOf(theirs)}; ${given.asked}`,
    );
  }
  return tally.result();
}

async function readBoth({ asked }: HeadAnswer, pieces: readonly Buffer[]): Promise<[HeadFinding, HeadFinding]> {
  return asked === 'page'
    ? [readPage(pieces), await readPageWithNode(pieces)]
    : [readUpgrade(pieces), await readUpgradeWithWs(pieces)];
}

/** Each has words of its own for what is wrong. */
function isSame(ours: HeadFinding, theirs: HeadFinding): boolean {
  if (ours.kind === 'answer' || ours.kind === 'refused') return JSON.stringify(ours) === JSON.stringify(theirs);
  return ours.kind === theirs.kind;
}

const wordsOf = (finding: HeadFinding): string => JSON.stringify(finding).slice(0, 300);
