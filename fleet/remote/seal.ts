/**
 * What of a fleet's messages only those can read, and only those can have written, who have its token. Whatever lies in Redis is bound
 * to where it belongs: put elsewhere it can't be opened.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { RigError } from '../../core/values/errors.ts';

/** Where a message belongs. */
export interface SealPlace {
  readonly what: 'job' | 'plan' | 'rows' | 'order' | 'report' | 'event' | 'conductor' | 'offer';
  /** Empty: of no run. */
  readonly run: string;
  readonly epoch?: number;
  readonly share?: number;
}

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
/** Random, under one key: safe for 2^32 messages (NIST SP 800-38D, section 8.3). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The first byte, which says how the others are to be read. */
const [CLEAR, SEALED] = [0, 1];
/** In base64url: 32 bytes. */
const SIGNATURE_CHARS = 43;

/**
 * @param token that the fleet has in common; undefined: there is none, and the bytes stay as they are
 * @returns some 29 bytes more
 */
export function sealBytes(bytes: Uint8Array, token: string | undefined, place: SealPlace): Buffer {
  if (token === undefined) return Buffer.concat([Buffer.of(CLEAR), bytes]);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, keyFor('seal', token), nonce).setAAD(bytesOf(place));
  return Buffer.concat([Buffer.of(SEALED), nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/**
 * What {@link sealBytes} was given with the same token and the same place.
 *
 * @throws RigError EFLEETTOKEN for anything else; with a token nothing counts that is not sealed
 */
export function openSealed(sealed: Uint8Array, token: string | undefined, place: SealPlace): Buffer {
  const [how] = sealed;
  const body = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength).subarray(1);
  if (token === undefined && how === CLEAR) return body;
  if (token === undefined) throw foreign(place, 'is sealed, and this process has no token');
  if (how !== SEALED || body.length < NONCE_BYTES + TAG_BYTES)
    throw foreign(place, 'is not sealed, and this process has a token');
  const nonce = body.subarray(0, NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, keyFor('seal', token), nonce, { authTagLength: TAG_BYTES })
    .setAAD(bytesOf(place))
    .setAuthTag(body.subarray(-TAG_BYTES));
  try {
    return Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch {
    throw foreign(place, 'is sealed with another token, or was changed');
  }
}

/** A text with its signature before it; without a token as it is. */
export const sign = (text: string, token: string | undefined, place: SealPlace): string =>
  token === undefined ? text : `${signatureOf(text, token, place)} ${text}`;

/** The text that {@link sign} was given with the same token and the same place; undefined: it is another one's. */
export function verified(signed: string, token: string | undefined, place: SealPlace): string | undefined {
  if (token === undefined) return signed;
  const text = signed.slice(SIGNATURE_CHARS + 1);
  return isSame(signed, `${signatureOf(text, token, place)} ${text}`) ? text : undefined;
}

/** A word that only those know who have the token. */
export const fleetWord = (token: string): string => keyFor('word', token).subarray(0, 8).toString('hex');

/** Whether a text was signed that nobody here can have signed: {@link verified} gives it back as it is where there is no token. */
export const looksSigned = (text: string): boolean => /^[\w-]{43} /.test(text);

const signatureOf = (text: string, token: string, place: SealPlace): string =>
  createHmac('sha256', keyFor('sign', token)).update(bytesOf(place)).update('\0').update(text).digest('base64url');

function isSame(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}

const bytesOf = ({ what, run, epoch, share }: SealPlace): Buffer =>
  Buffer.from(JSON.stringify([what, run, epoch ?? null, share ?? null]));

/** One process has one token, as a rule. */
const keys = new Map<string, Buffer>();

/** A key for each purpose: what one tells says nothing about another. */
function keyFor(purpose: 'seal' | 'sign' | 'word', token: string): Buffer {
  const name = `${purpose} ${token}`;
  const known = keys.get(name);
  if (known) return known;
  const key = Buffer.from(hkdfSync('sha256', token, '', `connrig fleet ${purpose}`, KEY_BYTES));
  keys.set(name, key);
  return key;
}

function foreign({ what, run }: SealPlace, why: string): RigError {
  return new RigError('EFLEETTOKEN', `the ${what} of run ${run} ${why}`, {
    hint: 'export the same CONNRIG_FLEET_TOKEN for connrig run and for each worker',
  });
}
