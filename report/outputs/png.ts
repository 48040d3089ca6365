import { execFile } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Size, svgFile } from '../../charts/render.ts';
import { RigError } from '../../core/values/errors.ts';
import { word } from '../../core/values/shell.ts';
import type { ReportChart } from './report-charts.ts';
import { writeFileWhole } from './write-whole.ts';

/** What a browser of that family is called, on whatever system. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];
/** For screens with dots twice as fine. */
const SCALE = 2;
const PATIENCE_MS = 60_000;

/**
 * Draws each chart of a report as `charts/NAME.png` in its run folder too, by a browser that is installed. The browser sees
 * what was drawn just now in a folder of its own, never what else lies in the run's.
 *
 * @param searchPath folders to look for one, as in PATH
 * @returns the files made
 * @throws RigError EUSAGE where there is no such browser, EOUT when it draws nothing
 */
export async function drawPngs(folder: string, charts: readonly ReportChart[], searchPath: string): Promise<string[]> {
  const browser = find(searchPath);
  const scratch = mkdtempSync(join(tmpdir(), 'connrig-png-'));
  const made: string[] = [];
  try {
    // One after the other: each of them takes 200 MB.
    for (const { id, file, svg, size } of charts) {
      const drawn = join(scratch, `${id}.svg`);
      writeFileSync(drawn, svgFile(svg, size));
      const name = file.replace(/svg$/, 'png');
      writeFileWhole(folder, name, await draw(browser, drawn, size, scratch));
      made.push(join(folder, name));
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
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

async function draw(browser: string, svg: string, { width, height }: Size, scratch: string): Promise<Buffer> {
  const png = svg.replace(/svg$/, 'png');
  const args = [
    ...[
      '--headless',
      '--disable-gpu',
      '--hide-scrollbars',
      '--no-first-run',
      `--user-data-dir=${join(scratch, 'profile')}`,
    ],
    ...[`--force-device-scale-factor=${SCALE}`, `--window-size=${width},${height}`, `--screenshot=${png}`],
    // Its sandbox refuses to work for root; what is drawn here is ours, and asks for nothing.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    pathToFileURL(svg).href,
  ];
  try {
    await promisify(execFile)(browser, args, { timeout: PATIENCE_MS });
    return readFileSync(png);
  } catch (cause) {
    throw new RigError('EOUT', `${browser} did not draw ${basename(svg)}`, {
      hint: `${word(browser)} --headless --dump-dom about:blank, to see whether it starts`,
      cause,
    });
  }
}
