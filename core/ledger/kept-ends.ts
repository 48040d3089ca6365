/** Keeps the beginning and the end of a text that comes in pieces, however much comes; a line between them says what is left out. */
export class KeptEnds {
  readonly #mostChars: number;
  #begin = '';
  #end = '';
  #leftOutChars = 0;

  /** @param mostChars kept of each end; of the end up to twice as many for a while */
  constructor(mostChars: number) {
    this.#mostChars = mostChars;
  }

  add(text: string): void {
    const room = Math.max(0, this.#mostChars - this.#begin.length);
    this.#begin += text.slice(0, room);
    this.#end += text.slice(room);
    if (this.#end.length <= 2 * this.#mostChars) return;
    this.#leftOutChars += this.#end.length - this.#mostChars;
    this.#end = this.#end.slice(-this.#mostChars);
  }

  get text(): string {
    const between = this.#leftOutChars === 0 ? '' : `\n[connrig: ${this.#leftOutChars} characters are left out here]\n`;
    return `${this.#begin}${between}${this.#end}`;
  }
}
