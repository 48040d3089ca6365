import type { Text } from './text.ts';

/** A line that begins something new: a heading, an item of a list, a quotation. */
const BEGINS = /^\s*(?:#{1,6}\s+|[-*+]\s+|\d+\.\s+|>\s?)/;

/**
 * Paragraphs, headings, items and cells of a page. Blocks of code are left out, code within a line counts as one word, and of a
 * link its text is read.
 */
export function readMarkdownTexts(page: string): Text[] {
  const texts: Text[] = [];
  let paragraph: string[] = [];
  let begunAt = 0;
  let isFenced = false;
  let isInList = false;
  const end = (): void => {
    if (paragraph.length > 0) texts.push({ words: simplify(paragraph.join('\n')), line: begunAt });
    paragraph = [];
  };
  page.split('\n').forEach((text, index) => {
    const line = index + 1;
    if (/^\s*(```|~~~)/.test(text)) {
      end();
      isFenced = !isFenced;
    } else if (isFenced) {
      return;
    } else if (text.trim() === '') {
      end();
    } else if (paragraph.length === 0 && /^ {4}/.test(text) && !isInList) {
      return;
    } else if (text.trimStart().startsWith('|')) {
      end();
      for (const cell of splitCells(text)) texts.push({ words: simplify(cell), line });
    } else {
      const isNew = BEGINS.test(text);
      if (isNew) end();
      isInList = isNew ? /^\s*(?:[-*+]|\d+\.)\s/.test(text) : isInList && /^\s/.test(text);
      if (paragraph.length === 0) begunAt = line;
      paragraph.push(text.replace(BEGINS, ''));
      if (/^\s*#/.test(text)) end();
    }
  });
  end();
  return texts;
}

/** Cells, and what stands in one of them between semicolons: a list of figures is no sentence. */
const splitCells = (row: string): string[] => row.split(/(?<!\\)\||;\s/).filter((cell) => /[\p{L}\p{N}]/u.test(cell));

const simplify = (text: string): string =>
  text
    .replace(/(`+)[^`]*?\1/g, (code) => `\`code\`${'\n'.repeat(code.split('\n').length - 1)}`)
    .replace(/!?\[((?:[^[\]]|\[[^\]]*\])*)\]\([^)]*\)/g, '$1')
    .replace(/<[^>]*>/g, '');
