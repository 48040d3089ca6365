/**
 * `npm run screenshots`: the live page of a fresh run, in light and dark, for the README, and the report of a recorded one for
 * docs/. `npm run screenshots -- report [folder]` makes the report's alone; all views of it go to the folder, to be looked at.
 * Needs Chromium, which `npm test` installs where it may.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { humanBytes } from '../core/values/units.ts';
import { find } from './needs/find.ts';
import { installLine } from './needs/packages.ts';
import { reportImages } from './screenshots/report-images.ts';

const CONNRIG = fileURLToPath(new URL('../bin/main.js', import.meta.url));
const IMAGES = fileURLToPath(new URL('../../docs/images', import.meta.url));
const VIEWPORT = { width: 1060, height: 1130 };
/** A clone shouldn't weigh for its pictures. */
const MOST_BYTES = 150_000;
const PATIENCE_MS = 300_000;

const executablePath = find('chromium');
if (executablePath === undefined) {
  process.stderr.write(`chromium is not installed: ${installLine(['chromium'])}\n`);
  process.exit(2);
}
const [which, all] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath,
  args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
});
try {
  mkdirSync(IMAGES, { recursive: true });
  for (const path of await reportImages(browser, IMAGES, all)) tellSize(path);
  if (which !== 'report') await liveImages();
} finally {
  await browser.close();
}

function tellSize(path: string): void {
  const { size } = statSync(path);
  process.stdout.write(`${path}: ${humanBytes(size)}\n`);
  if (size > MOST_BYTES) throw new Error(`${path} has more than ${MOST_BYTES} bytes`);
}

async function liveImages(): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'connrig-screenshots-'));
  const plan = ['--connections', '5k', '--levels', '8', '--cycles', '1', '--name', 'echo-server'];
  const run = spawn(
    process.execPath,
    [CONNRIG, 'run', '--live', '0', '--quiet', '--out', join(scratch, 'run'), ...plan],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const ended = once(run, 'exit');
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let said = '';
      run.stderr.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        const found = /live page at (\S+)/.exec(said)?.[1];
        if (found) resolve(found);
      });
      run.once('exit', () => reject(new Error(said)));
    });
    const page = await browser.newPage({ viewport: VIEWPORT });
    await page.goto(url);
    // The top level of the last leg: everything is there, and still live.
    await page.locator('.phase', { hasText: 'ws: holding 5,000' }).waitFor({ timeout: PATIENCE_MS });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme });
      const path = join(IMAGES, `live-${colorScheme}.png`);
      await page.screenshot({ path });
      tellSize(path);
    }
  } finally {
    run.kill('SIGINT');
    await ended;
    rmSync(scratch, { recursive: true });
  }
}
