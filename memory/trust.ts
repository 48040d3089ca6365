import { type ConnectionOptions, createSecureContext } from 'node:tls';

/** What an answer over TLS has to be proved by. Made once: a bundle of many certificates takes a while to read. */
export type Trust = Readonly<Pick<ConnectionOptions, 'secureContext' | 'rejectUnauthorized'>>;

/**
 * @param ca PEM of the certificates that are trusted; undefined: those that Node.js trusts
 * @param isInsecure anybody is believed
 */
export const toTrust = (ca: string | undefined, isInsecure: boolean): Trust => ({
  rejectUnauthorized: !isInsecure,
  ...(ca !== undefined && { secureContext: createSecureContext({ ca }) }),
});
