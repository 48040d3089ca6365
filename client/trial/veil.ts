import { HARMLESS_HEADERS } from '../../config/opening/header-line.ts';
import { formsOf } from '../../core/opening/template.ts';
import { redactText, redactUrl } from '../../core/values/secrets.ts';
import { HIDDEN, LEAST_SECRET_CHARS } from '../../core/values/without-secret.ts';

const REQUEST_LINE = /^([A-Z]+) (\S+)( HTTP\/1\.\d)$/;
const HEADER_LINE = /^([^:\s]+)(:[ \t]*)(.*)$/s;
/** Headers that say how a request or an answer is to be read. */
const OF_HTTP: ReadonlySet<string> = new Set([
  'connection',
  'upgrade',
  'content-length',
  'content-type',
  'transfer-encoding',
  'last-event-id',
]);
const OF_WS = /^sec-websocket-/;
const AUTHORIZATION = /^((?:Basic|Bearer|Digest|Token) )?.*$/is;

/** Lies over what is shown to people: secrets of the user are not in it, whoever says them. */
export class Veil {
  readonly #secrets: readonly string[];
  readonly #isLifted: boolean;
  #hasHidden = false;

  /** @param isLifted everything is shown */
  constructor(secrets: readonly string[], isLifted: boolean) {
    // The longest first: one may be a part of another.
    const forms = new Set(secrets.flatMap(formsOf));
    this.#secrets = [...forms].filter(({ length }) => length >= LEAST_SECRET_CHARS).sort((a, b) => b.length - a.length);
    this.#isLifted = isLifted;
  }

  /** Whether anything was hidden so far. */
  get hasHidden(): boolean {
    return this.#hasHidden;
  }

  text(text: string): string {
    return this.#over(text, () => redactText(text, this.#secrets));
  }

  /** A URL, or the target of a request. */
  url(url: string): string {
    return this.#over(url, () => redactText(redactUrl(url), this.#secrets));
  }

  /** The head of a request. Its values are ours: those are shown that say nothing about somebody. */
  request([first = '', ...lines]: readonly string[]): string[] {
    const [, method, target = '', version] = REQUEST_LINE.exec(first) ?? [];
    const shown = method === undefined ? this.text(first) : `${method} ${this.url(target)}${version}`;
    return [shown, ...lines.map((line) => this.#requestHeader(line))];
  }

  /** The head of an answer. A cookie that a server sets is as good as a password. */
  answer([first = '', ...lines]: readonly string[]): string[] {
    return [this.text(first), ...lines.map((line) => this.#answerHeader(line))];
  }

  /** Which bytes are to be hidden, by their places. */
  covered(bytes: Buffer): ReadonlySet<number> {
    const covered = new Set<number>();
    if (this.#isLifted) return covered;
    for (const secret of this.#secrets.map((one) => Buffer.from(one))) {
      for (let at = bytes.indexOf(secret); at >= 0; at = bytes.indexOf(secret, at + secret.length)) {
        for (let i = 0; i < secret.length; i++) covered.add(at + i);
      }
    }
    if (covered.size > 0) this.#hasHidden = true;
    return covered;
  }

  #requestHeader(line: string): string {
    const [, name = '', colon = '', value = ''] = HEADER_LINE.exec(line) ?? [];
    const lower = name.toLowerCase();
    if (HARMLESS_HEADERS.has(lower) || OF_HTTP.has(lower) || OF_WS.test(lower)) return this.text(line);
    const hidden =
      lower === 'cookie' ? value.replace(/=[^;]*/g, `=${HIDDEN}`) : value.replace(AUTHORIZATION, `$1${HIDDEN}`);
    return this.#over(line, () => `${name}${colon}${hidden}`);
  }

  #answerHeader(line: string): string {
    const [, name = '', colon = '', value = ''] = HEADER_LINE.exec(line) ?? [];
    const lower = name.toLowerCase();
    if (lower === 'set-cookie')
      return this.#over(line, () => `${name}${colon}${value.replace(/=[^;]*/, `=${HIDDEN}`)}`);
    return lower === 'location' ? `${name}${colon}${this.url(value)}` : this.text(line);
  }

  #over(text: string, hide: () => string): string {
    if (this.#isLifted) return text;
    const shown = hide();
    if (shown !== text) this.#hasHidden = true;
    return shown;
  }
}
