import type { Read } from './option.ts';

/** More than that is a document, not a label. */
const MOST_LABELS = 20;
const MOST_CHARS = 200;
/** Where the next one begins: several come as one text, and a value may have a comma in it. */
const NEXT = /,(?=[a-z][\w.-]*=)/i;
const LABEL = /^([a-z][\w.-]{0,39})=([^\p{Cc}]+)$/iu;

/** `commit=1a2b3c,branch=main`: what the target was, in its maker's words; by their names. */
export function readLabels(given: string): Read<Readonly<Record<string, string>>> {
  const texts = given.split(NEXT);
  if (texts.length > MOST_LABELS)
    return { problem: `there are ${texts.length} of them, and at most ${MOST_LABELS} fit` };
  const labels = new Map<string, string>();
  for (const text of texts) {
    const [, key, value] = LABEL.exec(text) ?? [];
    if (key === undefined || value === undefined) return { problem: `"${text}" is not a label such as commit=1a2b3c` };
    if (value.length > MOST_CHARS) return { problem: `${key} is longer than ${MOST_CHARS} characters` };
    if (labels.has(key)) return { problem: `${key} is there twice` };
    labels.set(key, value);
  }
  return { value: Object.fromEntries(labels) };
}
