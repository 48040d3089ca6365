import { bytesOfLiteral, joinTemplates, literalTemplate, type Template } from '../../core/opening/template.ts';
import type { Slot } from './protocol.ts';

/** What requests say beyond what every request of their protocol does. */
export interface RequestWords {
  /** Request target of the first request, in place of `path`. */
  readonly path?: Template | undefined;
  /** Request target of what is asked later. */
  readonly requestPath?: Template | undefined;
  /** Header lines, each with its CR LF. */
  readonly headers: Template;
}

/** Fills a text for one connection; see {@link Identities}. */
export type FillText = (slot: Slot, template: Template) => Buffer;

/**
 * A request that is the same for everybody, or filled for each connection.
 *
 * @returns gives the request, only valid until the next call
 */
export function prepareRequest(template: Template, fill: FillText | undefined): (slot: Slot) => Buffer {
  const same = bytesOfLiteral(template);
  if (same !== undefined) {
    const bytes = Buffer.from(same);
    return () => bytes;
  }
  if (fill === undefined) throw new Error('a request with holes, and nothing that fills them');
  return (slot) => fill(slot, template);
}

/** Texts and templates, one behind the other. */
export const requestTemplate = (...parts: ReadonlyArray<string | Template>): Template =>
  joinTemplates(...parts.map((part) => (typeof part === 'string' ? literalTemplate(Buffer.from(part)) : part)));
