import { type ConnectionOptions, connect, createSecureContext } from 'node:tls';

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

/** @returns whether what listens where a URL leads shakes hands, whoever it is */
export function speaksTls({ hostname, port }: URL, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = connect({ host, port: Number(port || 80), rejectUnauthorized: false });
    const end = (does: boolean): void => {
      socket.destroy();
      resolve(does);
    };
    socket
      .setTimeout(timeoutMs, () => end(false))
      .once('secureConnect', () => end(true))
      .once('error', () => end(false))
      .once('close', () => end(false));
  });
}
