/** Authorities and certificates for tests, made by the `openssl` command: a file that uses them has `needs('openssl')`. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandOf } from './needs.ts';

/** A test, or a group of them. */
export interface UntilAfter {
  after(remove: () => void): void;
}

/** Two files of PEM. */
export interface PairOfFiles {
  readonly certPath: string;
  readonly keyPath: string;
}

interface Issued {
  /** As OpenSSL writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names?: readonly string[];
}

/** An authority of the test's own; nobody trusts it but who is given its certificate. */
export interface Authority {
  readonly folder: string;
  readonly caPath: string;
  /** A server's certificate, signed by it. */
  issue(issued?: Issued): PairOfFiles;
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** What OpenSSL prints by `openssl ARGS`. */
export const openssl = (...args: readonly string[]): string =>
  execFileSync(commandOf('openssl'), args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** In a folder that is removed after the test. */
export function makeAuthority(t: UntilAfter): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-certificates-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [caPath, caKeyPath] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  openssl('req', '-x509', ...EC, '-nodes', '-keyout', caKeyPath, '-out', caPath, '-subj', '/CN=test authority');
  let issuedBefore = 0;
  return {
    folder,
    caPath,
    issue({ names = ['DNS:localhost', 'IP:127.0.0.1'] } = {}) {
      const stem = join(folder, `server-${++issuedBefore}`);
      const [keyPath, certPath, csrPath] = [`${stem}.key`, `${stem}.pem`, `${stem}.csr`];
      openssl('req', ...EC, '-nodes', '-keyout', keyPath, '-out', csrPath, '-subj', '/CN=test server');
      writeFileSync(`${stem}.ext`, `subjectAltName=${names.join(',')}\n`);
      const signed = ['-CA', caPath, '-CAkey', caKeyPath, '-extfile', `${stem}.ext`];
      openssl('x509', '-req', '-in', csrPath, ...signed, '-out', certPath);
      return { certPath, keyPath };
    },
  };
}
