/** In place of what isn't shown. */
export const HIDDEN = '***';
/** What is shorter stands in too many texts by chance. */
export const LEAST_SECRET_CHARS = 3;
/** Shorter pieces of a value are words of other sentences as well. */
const LEAST_PIECE_CHARS = 6;
/** What stands behind a text that was cut: the end of its quotes, or the sign for more. */
const CUT: ReadonlySet<string> = new Set(['"', '…']);

/**
 * A text without a value that it repeats, however its letters are written: what servers say is told in small letters in places.
 * A text that was cut, for itself or in quotes, may begin or end within the value; those pieces are hidden as well.
 */
export function withoutSecret(text: string, secret: string): string {
  if (secret.length < LEAST_SECRET_CHARS) return text;
  const [said, sought] = alike(text, secret);
  const beginning = sought.slice(0, LEAST_PIECE_CHARS);
  let left = '';
  let from = 0;
  for (let at = said.indexOf(beginning); at >= 0; at = said.indexOf(beginning, at)) {
    let end = at + beginning.length;
    while (end - at < sought.length && said[end] === sought[end - at]) end++;
    const isHidden = end - at === sought.length || end === said.length || CUT.has(said[end]!);
    if (isHidden) left += text.slice(from, at) + HIDDEN;
    if (isHidden) from = end;
    at = isHidden ? end : at + 1;
  }
  return withoutEndOf(secret, left + text.slice(from));
}

function withoutEndOf(secret: string, text: string): string {
  for (let chars = Math.min(secret.length - 1, text.length); chars >= LEAST_PIECE_CHARS; chars--) {
    if (text.startsWith(secret.slice(-chars))) return HIDDEN + text.slice(chars);
  }
  return text;
}

/** Both in small letters, unless that has another length in some language. */
function alike(text: string, secret: string): [string, string] {
  const [said, sought] = [text.toLowerCase(), secret.toLowerCase()];
  return said.length === text.length && sought.length === secret.length ? [said, sought] : [text, secret];
}
