import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { makeCertificate } from '../../certificates/make-certificate.ts';

/** A certificate that vouches for itself, and its key, in files until the test ends. */
export interface SecuredFiles {
  readonly certPath: string;
  readonly keyPath: string;
  readonly cert: string;
  /** In words of the key: what nobody may find anywhere else. */
  readonly keyLine: string;
}

/** @param passphrase of the key in its file; undefined: it isn't encrypted */
export function writeSecured(t: TestContext, passphrase?: string): SecuredFiles {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-secured-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { cert, key } = makeCertificate({ names: ['localhost', '127.0.0.1'], now: new Date(), days: 1 });
  const [certPath, keyPath] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const encrypted = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: passphrase ?? '' } as const;
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, passphrase === undefined ? key : createPrivateKey(key).export(encrypted));
  return { certPath, keyPath, cert, keyLine: key.split('\n')[1]! };
}

/** What is answered to who trusts this certificate. */
export async function fetchSecurely(
  url: string,
  ca: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const asking = request(url, { ca, agent: false, headers }).end();
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of response) text += piece;
  return { status: response.statusCode, text };
}
