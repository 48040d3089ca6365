import { isIP } from 'node:net';
import { type ConnectionOptions, createSecureContext } from 'node:tls';
import { groupsOf } from './groups.ts';
import type { TlsOptions } from './tls-options.ts';

const VERSIONS = { '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' } as const;

/** What `tls.connect` takes and its types don't know. */
interface NodeTlsOptions extends ConnectionOptions {
  readonly highWaterMark: number;
}

/**
 * What all connections of a worker have in common, for `tls.connect`: above all the one context.
 *
 * @throws Error with the library's own sentence when it doesn't take an option
 */
export function nodeTlsOptions(options: TlsOptions): NodeTlsOptions {
  const { servername, verify, ca, own, alpn, ciphers } = options;
  const [oldest = '1.2', newest = oldest] = [...options.versions].sort();
  const secureContext = createSecureContext({
    // An empty text would stand for all that Node.js trusts.
    ca: verify && ca !== '' ? ca : [],
    ...own,
    ...(ciphers !== undefined && { ciphers }),
    ecdhCurve: groupsOf(options).join(':'),
    minVersion: VERSIONS[oldest],
    maxVersion: VERSIONS[newest],
    // What is trusted need not vouch for itself: a server's own certificate may be given.
    allowPartialTrustChain: true,
  });
  return {
    secureContext,
    ...(isIP(servername) === 0 && { servername }),
    ...(alpn.length > 0 && { ALPNProtocols: [...alpn] }),
    // Judged when the handshake is over, with the certificates at hand: an error of node:tls has none.
    rejectUnauthorized: false,
    checkServerIdentity: takeAny,
    // Each write is followed by `drain`, and a pause by the end of reading.
    highWaterMark: 1,
  };
}

const takeAny = (): undefined => undefined;
