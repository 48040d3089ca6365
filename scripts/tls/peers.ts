import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Compilation leaves them where they are. */
const sourceOf = (name: string): string => fileURLToPath(new URL(`../../../scripts/tls/${name}`, import.meta.url));

/** A server's certificate of ECDSA P-256, and the authority that signed it: all PEM, and a file of the last. */
export interface Chain {
  readonly cert: string;
  readonly key: string;
  readonly caPath: string;
  remove(): void;
}

export function makeChain(): Chain {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-chain-'));
  const at = (name: string): string => join(folder, name);
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'ignore' });
  openssl('req', '-x509', ...ec, '-keyout', at('ca.key'), '-out', at('ca.pem'), '-subj', '/CN=authority');
  openssl('req', ...ec, '-keyout', at('key'), '-out', at('csr'), '-subj', '/CN=server');
  writeFileSync(at('ext'), 'subjectAltName=IP:127.0.0.1\n');
  openssl(
    ...['x509', '-req', '-in', at('csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-extfile', at('ext')],
    ...['-out', at('cert')],
  );
  return {
    cert: readFileSync(at('cert'), 'utf8'),
    key: readFileSync(at('key'), 'utf8'),
    caPath: at('ca.pem'),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** What a client had spent when so many were open, and what it takes while it holds them. */
export interface ClientLevel {
  readonly open: number;
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly anonBytes: number;
}

/** A client that stands beside ours, in its own process. */
export interface OtherClient {
  readonly program: string;
  readonly args: readonly string[];
}

/** @param node whose `ws` or `node:tls` it is */
export const nodeClient = (node: string, how: 'ws' | 'tls'): OtherClient => ({
  program: node,
  args: ['--expose-gc', sourceOf('client.mjs'), how],
});

export function goClient(): OtherClient {
  const folder = join(tmpdir(), 'connrig-generators', 'tls');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'client');
  const { status, stderr } = spawnSync('go', ['build', '-o', path, sourceOf('client.go')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return { program: path, args: [] };
}

/** Attempts under way at once. */
export const PEER_WINDOW = 128;

/** Lets it climb from level to level. */
export async function climbLevels(
  { program, args }: OtherClient,
  port: number,
  caPath: string,
  levels: readonly number[],
): Promise<ClientLevel[]> {
  const child = spawn(program, [...args, String(port), caPath, levels.join(','), String(PEER_WINDOW)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const seen: ClientLevel[] = [];
  const lines = createInterface(child.stdout);
  try {
    for (const _ of levels) {
      const [line] = await once(lines, 'line');
      seen.push({ ...JSON.parse(String(line)), anonBytes: anonBytesOf(child) });
      child.stdin.write('\n');
    }
    return seen;
  } finally {
    if (child.exitCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
  }
}

function anonBytesOf({ pid }: ChildProcess): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss_Anon:\s+(\d+) kB/m.exec(rollup)?.[1]) * 1024;
}

/**
 * Handshakes by `openssl s_time -new`, one after the other.
 *
 * @param env what it runs with, besides ours
 * @returns processor time of each, in µs, user and system
 */
export function timeHandshakes(port: number, caPath: string, env: NodeJS.ProcessEnv): number {
  const command = `openssl s_time -connect 127.0.0.1:${port} -new -time 4 -CAfile ${caPath} -verify 3; times`;
  const { stdout } = spawnSync('bash', ['-c', command], { encoding: 'utf8', env: { ...process.env, ...env } });
  // In one line of `times` stands what the shell took, in the next what its children did.
  const [user = 0, system = 0] = (stdout.trim().split('\n').at(-1) ?? '').split(' ').map(secondsOf);
  const counts = [...stdout.matchAll(/^(\d+) connections in [\d.]+s;/gm)].map(([, count]) => Number(count));
  return ((user + system) / (counts.at(-1) ?? Number.NaN)) * 1e6;
}

function secondsOf(text: string): number {
  const [, minutes = '0', seconds = '0'] = /^(\d+)m([\d.,]+)s$/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(seconds.replace(',', '.'));
}
