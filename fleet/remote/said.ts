/** Messages as they lie in Redis: JSON, with a signature before it where the fleet has a token. */
import { type SealPlace, sign, verified } from './seal.ts';

/** Whose messages count, and where they belong. */
export interface Voice {
  /** undefined: whoever may write to this Redis is taken at their word. */
  readonly token: string | undefined;
  readonly run: string;
}

type SaidKind = Exclude<SealPlace['what'], 'plan' | 'rows' | 'job'>;

export const toSpoken = (message: object, what: SaidKind, { token, run }: Voice): string =>
  sign(JSON.stringify(message), token, { what, run });

/**
 * Nothing of a text is looked at before it is known who wrote it.
 *
 * @returns undefined where nobody of this fleet wrote it as such a message of this run, or not in this version
 */
export function heard<Message>(
  schema: { safeParse(raw: unknown): { readonly success: boolean; readonly data?: Message | undefined } },
  text: string | null | undefined,
  what: SaidKind,
  { token, run }: Voice,
): Message | undefined {
  const own = verified(text ?? '', token, { what, run });
  if (own === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(own)).data;
  } catch {
    return undefined;
  }
}
