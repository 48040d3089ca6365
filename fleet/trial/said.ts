/** Something that one of both said, whole as far as it is known where it ends. */
export type Said =
  /** The head of an HTTP request or answer, line by line, without the empty one. */
  | { readonly kind: 'head'; readonly lines: readonly string[] }
  /** What follows it, as it came, without the lines between chunks. */
  | { readonly kind: 'body'; readonly bytes: Buffer }
  /** Frames of ws; a message in fragments is one, and compressed ones are inflated. */
  | { readonly kind: 'text' | 'binary' | 'ping' | 'pong'; readonly bytes: Buffer }
  | { readonly kind: 'close'; readonly code: number | undefined; readonly bytes: Buffer }
  /** A stream has no messages: as it came. So has what can't be read as what it should be. */
  | { readonly kind: 'bytes'; readonly bytes: Buffer };

/** Takes what one side says apart. */
export interface SaidReader {
  read(bytes: Buffer): readonly Said[];
  /** Nothing more comes: what is not whole, as it is. */
  end(): readonly Said[];
}
