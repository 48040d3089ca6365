import { execFile } from 'node:child_process';
import { accessSync, chmodSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { RigError } from '../core/errors.ts';
import { OWNER_ONLY } from '../core/secrets.ts';
import { quoted } from '../core/shell.ts';

/** What a browser of that family is called, on whatever system. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];
/** For screens with dots twice as fine. */
const SCALE = 2;
const PATIENCE_MS = 60_000;

/**
 * Draws each chart of a run folder (`charts/NAME.svg`) as `charts/NAME.png` too, by a browser that is installed.
 *
 * @param searchPath folders to look for one, as in PATH
 * @returns the files made
 * @throws RigError EUSAGE where there is no such browser, EOUT when it draws nothing
 */
export async function drawPngs(folder: string, searchPath: string): Promise<string[]> {
  const browser = find(searchPath);
  const charts = join(folder, 'charts');
  const profile = mkdtempSync(join(tmpdir(), 'connrig-png-'));
  const made: string[] = [];
  try {
    // One after the other: each of them takes 200 MB.
    for (const name of readdirSync(charts).filter((one) => one.endsWith('.svg'))) {
      const png = join(charts, name.replace(/svg$/, 'png'));
      await draw(browser, join(charts, name), png, profile);
      made.push(png);
    }
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
  return made;
}

function find(searchPath: string): string {
  const candidates = searchPath
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => BROWSERS.map((name) => join(folder, name)));
  const found = candidates.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  if (found !== undefined) return found;
  throw new RigError('EUSAGE', '--png needs a Chromium, and none is installed; the charts are there as SVG', {
    hint: 'apt-get install chromium',
  });
}

async function draw(browser: string, svg: string, png: string, profile: string): Promise<void> {
  const [, width = '640', height = '330'] =
    /<svg[^>]* width="(\d+)" height="(\d+)"/.exec(readFileSync(svg, 'utf8')) ?? [];
  const args = [
    ...['--headless', '--disable-gpu', '--hide-scrollbars', '--no-first-run', `--user-data-dir=${profile}`],
    ...[`--force-device-scale-factor=${SCALE}`, `--window-size=${width},${height}`, `--screenshot=${resolve(png)}`],
    // Its sandbox refuses to work for root; what is drawn here is ours, and asks for nothing.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    pathToFileURL(svg).href,
  ];
  rmSync(png, { force: true });
  try {
    await promisify(execFile)(browser, args, { timeout: PATIENCE_MS });
    chmodSync(png, OWNER_ONLY.file);
  } catch (cause) {
    throw new RigError('EOUT', `${browser} did not draw ${svg}`, {
      hint: [browser, ...args].map(quoted).join(' '),
      cause,
    });
  }
}
