/** A text with holes, which values of one connection fill: `Bearer {token}`. */

/** What a value is stands inside: something with a syntax of its own, which it is made fit for. */
export type Inside = 'text' | 'json' | 'url' | 'header';

/** A place for a value. */
export type Hole = { readonly inside: Inside } & (
  | { readonly kind: 'column'; readonly column: number }
  /** Which connection it is, from 1. */
  | { readonly kind: 'number' }
  | { readonly kind: 'uuid' }
  | { readonly kind: 'random'; readonly length: number }
  /** What an answer of the server had, by the name that a step gave it. */
  | { readonly kind: 'taken'; readonly name: string }
  /** A variable of the machine that says it: it is filled there, before anything is said; see {@link HoleNames.env}. */
  | { readonly kind: 'env'; readonly name: string }
);

/** Literal bytes and holes, in their order. */
export interface Template {
  readonly parts: ReadonlyArray<Uint8Array | Hole>;
}

/** What holes may stand for. */
export interface HoleNames {
  readonly columns: readonly string[];
  /** Names that earlier steps took. */
  readonly taken: readonly string[];
  /** `elsewhere`: variables are those of other machines, which know what they say. */
  readonly env: Readonly<Record<string, string | undefined>> | 'elsewhere';
  /** Gets every value of the environment that was put in: they are secrets. */
  readonly onSecret: (value: string) => void;
  /** Gets every hole. */
  readonly onHole?: (hole: Hole) => void;
}

const HOLE = /\{\{([A-Za-z_][\w.-]*(?::\w+)?)\}\}|\{([A-Za-z_][\w.-]*(?::\w+)?)\}/g;
const MOST_RANDOM = 1024;
/** JSON may have one alone; no URL can. */
const HALF_CHARACTER = /\p{Surrogate}/gu;
const ASCII = /^\p{ASCII}*$/u;
/** RFC 9110, section 5.5; values may be UTF-8. */
const CONTROL = /[^\P{Cc}\t]/u;

/**
 * Reads a text: `{name}` is a hole, `{{name}}` the literal `{name}`, and every other brace stands for itself.
 *
 * @param problems gets a sentence for each hole that nothing can fill
 * @param encode what literals come to; UTF-8 unless said
 */
export function parseTemplate(
  text: string,
  names: HoleNames,
  problems: string[],
  inside: Inside = 'text',
  encode: (literal: string) => Uint8Array = utf8Bytes,
): Template {
  const parts: Array<Uint8Array | Hole> = [];
  let literal = '';
  const end = (): void => {
    if (literal !== '') parts.push(encode(literal));
    literal = '';
  };
  let at = 0;
  for (const match of text.matchAll(HOLE)) {
    const [whole, doubled, name] = match;
    literal += text.slice(at, match.index);
    at = match.index + whole.length;
    if (name === undefined) {
      literal += `{${doubled}}`;
      continue;
    }
    const found = holeOf(name, names, inside);
    if (typeof found === 'string') problems.push(found);
    else if ('literal' in found) literal += madeFit(found.literal, inside);
    else {
      end();
      parts.push(found);
      names.onHole?.(found);
    }
  }
  literal += text.slice(at);
  end();
  return { parts };
}

const utf8Bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** The bytes of a text in which each character stands for one. */
export const latin1Bytes = (text: string): Uint8Array => Uint8Array.from(text, (sign) => sign.charCodeAt(0));

/** Bytes alone. */
export const literalTemplate = (bytes: Uint8Array): Template => ({ parts: bytes.length === 0 ? [] : [bytes] });

/** One template behind the other. */
export const joinTemplates = (...templates: readonly Template[]): Template => ({
  parts: templates.flatMap(({ parts }) => parts),
});

/** Its bytes where it has no holes. */
export function bytesOfLiteral({ parts }: Template): Uint8Array | undefined {
  if (!parts.every((part) => part instanceof Uint8Array)) return undefined;
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A line break, say, behind which a header would be another one. */
export const breaksHeader = (value: string): boolean => CONTROL.test(value);

/** Names of what was taken that stands in headers. */
export const takenInHeaders = (templates: ReadonlyArray<Template | undefined>): ReadonlySet<string> =>
  new Set(
    templates.flatMap((template) =>
      (template?.parts ?? []).flatMap((part) =>
        !(part instanceof Uint8Array) && part.kind === 'taken' && part.inside === 'header' ? [part.name] : [],
      ),
    ),
  );

/** A value made fit for where it stands. */
export function madeFit(value: string, inside: Inside): string {
  if (inside === 'json') return JSON.stringify(value).slice(1, -1);
  return inside === 'url' ? encodeURIComponent(value.replace(HALF_CHARACTER, '\ufffd')) : value;
}

/** A value in the forms in which it may come back: as it is, made fit, and with the bytes of its UTF-8 taken for characters. */
export function formsOf(value: string): string[] {
  const asBytes = ASCII.test(value)
    ? value
    : Array.from(utf8Bytes(value), (byte) => String.fromCharCode(byte)).join('');
  return [...new Set([value, madeFit(value, 'json'), madeFit(value, 'url'), asBytes, madeFit(asBytes, 'json')])];
}

/** @returns a sentence where nothing can fill it */
function holeOf(name: string, names: HoleNames, inside: Inside): Hole | { readonly literal: string } | string {
  const { columns, taken, env, onSecret } = names;
  if (taken.includes(name)) return { kind: 'taken', name, inside };
  const column = columns.indexOf(name);
  if (column >= 0) return { kind: 'column', column, inside };
  if (name === 'n') return { kind: 'number', inside };
  if (name === 'uuid') return { kind: 'uuid', inside };
  const [kind, of = ''] = name.split(':');
  if (kind === 'random') {
    const length = Number(of);
    return Number.isInteger(length) && length >= 1 && length <= MOST_RANDOM
      ? { kind: 'random', length, inside }
      : `{${name}}: write how many characters, 1 to ${MOST_RANDOM}: {random:8}`;
  }
  if (kind === 'env' && of !== '' && env === 'elsewhere') return { kind, name: of, inside };
  if (kind === 'env' && of !== '' && env !== 'elsewhere') {
    const value = env[of];
    if (value === undefined) return `{${name}}: the environment has no ${of}; set it: ${of}=… connrig run`;
    onSecret(value);
    if (inside === 'header' && breaksHeader(value)) {
      return `{${name}}: its value has a line break or another control character in it, and a header can't have one`;
    }
    return { literal: value };
  }
  const known = ['n', 'uuid', 'random:8', 'env:NAME', ...columns, ...taken].map((one) => `{${one}}`).join(', ');
  const more = columns.length === 0 ? '--data users.csv gives columns, and ' : '';
  return `{${name}} has no value: there is ${known}; ${more}{{${name}}} is the text {${name}}`;
}
