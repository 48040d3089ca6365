import type { Problem } from './problem.ts';
import type { RepositoryFile } from './repository.ts';
import { readCodeTexts } from './texts-in-code.ts';
import { readMarkdownTexts } from './texts-in-markdown.ts';

/** What is aimed at is 20; what is longer than this has to be read twice. */
const MOST_WORDS = 32;
/** Readers who learned English late take these for questions, or look for the half that is missing. */
const BEGINNING = /^["“(*_]*(Who|Whoever|Nor|Of|Else)\b/;
const END = /(?<=[.!?]["”’)*_]*)\s+(?=["“(*_]*[A-Z`0-9<{])/;
/** They end in a full stop, and the sentence goes on. */
const ABBREVIATIONS = /\b(e\.g|i\.e|vs|cf|No)\.$/;

/** Sentences that are too long, or begin with a word that misleads. */
export function checkSentences(files: readonly RepositoryFile[]): Problem[] {
  return files.flatMap(({ path, text }) =>
    (path.endsWith('.md') ? readMarkdownTexts(text) : readCodeTexts(path, text)).flatMap(({ words, line }) =>
      splitSentences(words).flatMap(({ sentence, lineBreaks }) => {
        const problem = judgeSentence(sentence);
        return problem === undefined ? [] : [{ path, line: line + lineBreaks, sentence: problem }];
      }),
    ),
  );
}

/** The sentences of a text, each with the number of line breaks before it. */
export function splitSentences(words: string): Array<{ readonly sentence: string; readonly lineBreaks: number }> {
  const sentences: Array<{ readonly sentence: string; readonly lineBreaks: number }> = [];
  let lineBreaks = 0;
  let begun = '';
  for (const piece of words.split(new RegExp(`(${END.source})`))) {
    begun += piece;
    if (piece.trim() === '' || ABBREVIATIONS.test(piece)) continue;
    const leading = begun.length - begun.trimStart().length;
    lineBreaks += countLineBreaks(begun.slice(0, leading));
    sentences.push({ sentence: begun.trim().replace(/\s+/g, ' '), lineBreaks });
    lineBreaks += countLineBreaks(begun.slice(leading));
    begun = '';
  }
  return sentences;
}

/** @returns what is wrong with a sentence; undefined when nothing is */
export function judgeSentence(sentence: string): string | undefined {
  const excerpt = sentence.length > 60 ? `${sentence.slice(0, 57)}…` : sentence;
  const [, first] = BEGINNING.exec(sentence) ?? [];
  if (first !== undefined && !sentence.endsWith('?')) {
    return `A sentence begins with “${first}”: “${excerpt}” Begin with the subject.`;
  }
  const count = countWords(sentence);
  if (count <= MOST_WORDS) return undefined;
  return `A sentence has ${count} words, ${MOST_WORDS} is the most: “${excerpt}” Make two of it.`;
}

const countWords = (sentence: string): number =>
  sentence.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word)).length;
const countLineBreaks = (text: string): number => text.split('\n').length - 1;
