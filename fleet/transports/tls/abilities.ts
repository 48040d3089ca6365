import { nodeTlsOptions } from './node-tls-options.ts';
import type { TlsOptions } from './tls-options.ts';

/** Why OpenSSL can't be had here, in words; undefined when it can: a connection over TLS has been held by it, in memory. */
export async function whyNoOpenSsl(): Promise<string | undefined> {
  try {
    // Loaded only when asked for: elsewhere the library may not even be installed.
    const { testOpenSsl } = await import('./self-test.ts');
    return testOpenSsl();
  } catch (error) {
    return `OpenSSL can't be called: ${reasonOf(error)}`;
  }
}

/** Why OpenSSL doesn't take these options, in words, such as a cipher that it doesn't know; undefined when it does. */
export async function whyNotTls(options: TlsOptions): Promise<string | undefined> {
  try {
    const { loadOpenSsl } = await import('./openssl.ts');
    const { createTlsContext } = await import('./context.ts');
    const openssl = loadOpenSsl();
    openssl.contextFree(createTlsContext(openssl, options));
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Why `node:tls` doesn't take these options, in words; undefined when it does. */
export function whyNotNodeTls(options: TlsOptions): string | undefined {
  try {
    nodeTlsOptions(options);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
