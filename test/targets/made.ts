import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import type { Manifest } from '../../lab/manifest.ts';

/** A target of a test's own. */
export interface MadeTarget {
  readonly folder: string;
  /** Where it gets built, and nothing else is. */
  readonly cache: string;
}

/**
 * Writes a target's folder, to go with the test: by default one that is never built and listens nowhere.
 *
 * @param files besides the manifest, by name
 */
export function makeTarget(
  t: TestContext,
  manifest: Partial<Omit<Manifest, 'toolchain'>> & { toolchain?: readonly object[] },
  files: Readonly<Record<string, string>> = {},
): MadeTarget {
  const top = mkdtempSync(join(tmpdir(), 'connrig-made-'));
  t.after(() => rmSync(top, { recursive: true, force: true }));
  const name = manifest.name ?? 'made';
  const folder = join(top, name);
  mkdirSync(folder);
  const whole = {
    name,
    language: 'shell',
    what: 'what a test needs',
    protocols: ['tcp'],
    toolchain: [{ check: 'node --version', install: 'get node' }],
    build: [],
    run: 'sleep 60 {port}',
    deployed: ['target.yaml'],
    ...manifest,
  };
  writeFileSync(join(folder, 'target.yaml'), stringify(whole));
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return { folder, cache: join(top, 'cache') };
}

/** Echoes, over TLS where it is given a certificate, whose path it prints. */
export const securableServer = (): string => `
  const { readFileSync } = require('node:fs');
  const { TLS_CERT, TLS_KEY } = process.env;
  console.log('certificate', TLS_CERT, TLS_KEY);
  const echo = (socket) => socket.on('error', () => {}).pipe(socket);
  const server = TLS_CERT
    ? require('node:tls').createServer({ cert: readFileSync(TLS_CERT), key: readFileSync(TLS_KEY) }, echo)
    : require('node:net').createServer(echo);
  server.listen(Number(process.argv[2]), '127.0.0.1');
`;

/** Echoes, and does what it is told before. */
export const echoServer = (before = ''): string => `
  const port = Number(process.argv[2]);
  ${before}
  require('node:net').createServer((socket) => socket.on('error', () => {}).pipe(socket)).listen(port, '127.0.0.1');
`;
