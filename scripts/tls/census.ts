import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { makeCertificate } from '../../certificates/make-certificate.ts';
import { buildTarget } from '../../lab/build.ts';
import { findTarget } from '../../lab/catalogue.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';

/** Compilation leaves it where it is. */
const FOLDER = fileURLToPath(new URL('../../../scripts/tls/census', import.meta.url));

/** How connections went, as the server saw it: Go tells a close_notify from a FIN without one. */
export interface CensusOfHeld {
  readonly open: number;
  readonly pongs: number;
  /** Close frames of the client with the code 1000. */
  readonly closed1000: number;
  /** Ended by close_notify, by a FIN without it, and those of the first that were followed by FIN. */
  readonly closeNotify: number;
  readonly truncated: number;
  readonly fin: number;
  readonly broken: number;
}

const SELF_SIGNED = makeCertificate({ names: ['127.0.0.1'], now: new Date(), days: 2 });

interface CensusServer {
  readonly port: number;
  /** PEM of what its certificate is trusted by. */
  readonly ca: string;
  /** Pings every connection once. */
  ping(): void;
  count(): Promise<CensusOfHeld>;
  stop(): Promise<void>;
}

/**
 * A server in Go, in a process of its own, whose certificate is for 127.0.0.1.
 *
 * @param pair PEM; left out: one that vouches for itself
 */
export async function startCensusServer(pair = SELF_SIGNED): Promise<CensusServer> {
  const source = findTarget(FOLDER);
  if (typeof source === 'string') throw new Error(source);
  const signal = new AbortController().signal;
  const { folder } = await buildTarget(source, {
    env: process.env,
    signal,
    onOutput: (text) => process.stderr.write(text),
  });
  const scratch = mkdtempSync(join(tmpdir(), 'connrig-census-'));
  const { cert, key } = pair;
  const [certPath, keyPath] = [join(scratch, 'cert.pem'), join(scratch, 'key.pem')];
  writeFileSync(certPath, cert);
  writeFileSync(keyPath, key, { mode: 0o600 });
  const port = await freePorts('127.0.0.1', 1, ephemeralRange());
  const child = spawn(join(folder, 'server'), [String(port), certPath, keyPath], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout);
  await nextLine(lines, child);
  return {
    port,
    ca: cert,
    ping: () => void child.stdin.write('ping\n'),
    async count() {
      child.stdin.write('count\n');
      return JSON.parse(await nextLine(lines, child)) as CensusOfHeld;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.kill();
      await exited;
      rmSync(scratch, { recursive: true });
    },
  };
}

async function nextLine(lines: Interface, child: ChildProcess): Promise<string> {
  const other = new AbortController();
  const { signal } = other;
  try {
    return await Promise.race([
      once(lines, 'line', { signal }).then(([line]) => String(line)),
      once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
    ]);
  } finally {
    other.abort();
  }
}
