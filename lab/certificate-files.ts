import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../certificates/make-certificate.ts';
import type { TransportName } from '../core/protocols/schemes.ts';
import type { Env } from './toolchain.ts';

/** What a target that is to speak TLS reads: paths of its certificate and of its private key, both in PEM. */
const CERT = 'TLS_CERT';
const KEY = 'TLS_KEY';

/** Names by which a target on this machine may be called. */
const NAMES = ['localhost', '127.0.0.1', '::1'];
const DAYS = 30;

/** What a target is started with, so that it speaks over one transport and no other. */
export interface TargetSecuring {
  /** Its environment. */
  readonly env: Env;
  /** The files that its environment names; undefined: it speaks plainly. */
  readonly certificate: { readonly certPath: string; readonly keyPath: string } | undefined;
  /** PEM of the only certificate that it can show; undefined: it speaks plainly. */
  readonly caCert: string | undefined;
  /** Once it has ended: nobody needs its key any more. Idempotent. */
  remove(): void;
}

/**
 * Makes a certificate and a key for one launch, in files that nobody else may read. Over plain transport there are none,
 * whatever the environment says: a server that finds some would speak TLS.
 *
 * @param ip of this machine, by which it may be called besides
 */
export function secureTarget(transport: TransportName, env: Env, ip = '127.0.0.1'): TargetSecuring {
  const { [CERT]: _cert, [KEY]: _key, ...plain } = env;
  if (transport === 'plain') return { env: plain, certificate: undefined, caCert: undefined, remove() {} };
  const folder = mkdtempSync(join(tmpdir(), 'connrig-certificate-'));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const { cert, key } = makeCertificate({ names: [...new Set([...NAMES, ip])], now: new Date(), days: DAYS });
  const certificate = { certPath: write('cert.pem', cert), keyPath: write('key.pem', key) };
  return {
    env: { ...plain, [CERT]: certificate.certPath, [KEY]: certificate.keyPath },
    certificate,
    caCert: cert,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
