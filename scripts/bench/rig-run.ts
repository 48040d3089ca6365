import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Summary } from '../../core/summary.ts';

const CONNRIG = fileURLToPath(new URL('../../cli/main.js', import.meta.url));

/** Runs `connrig run` as a person would, in a process of its own, and gives back what it came to. */
export async function rigRun(...args: string[]): Promise<Summary> {
  const scratch = await mkdtemp(join(tmpdir(), 'connrig-bench-'));
  try {
    const child = spawn(
      process.execPath,
      [CONNRIG, 'run', '--quiet', '--json', '--out', join(scratch, 'run'), ...args],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    await once(child, 'close');
    return Summary.parse(JSON.parse(out));
  } finally {
    await rm(scratch, { recursive: true });
  }
}
