import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import type { SizingPlan } from '../../core/values/sizing-plan.ts';
import { writeReports } from '../../report/outputs/write-report.ts';
import { unpackGolden } from '../golden/golden-runs.ts';

const GIB = 2 ** 30;

/** The plan that docs/reading-a-report.md has. */
const PLAN: SizingPlan = {
  connections: 250_000,
  spare: 1,
  headroomPercent: 25,
  currency: 'EUR',
  instances: [
    { name: 'small', memoryBytes: 4 * GIB, reservedBytes: GIB / 2, pricePerHour: 0.034, replicas: 1 },
    { name: 'large', memoryBytes: 16 * GIB, reservedBytes: GIB, pricePerHour: 0.136, replicas: 3 },
  ],
};

/** A report as readers have it before them. `isKept`: it is shown in docs/. */
interface View {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly scheme: 'light' | 'dark';
  readonly isGrey?: true;
  readonly isPrint?: true;
  readonly isKept?: true;
}
const DESK = { width: 1280, height: 1000 } as const;
const PHONE = { width: 390, height: 844 } as const;
const PAPER = { width: 687, height: 1000, isPrint: true } as const;
const VIEWS: readonly View[] = [
  { name: 'report-light', ...DESK, scheme: 'light', isKept: true },
  { name: 'report-dark', ...DESK, scheme: 'dark', isKept: true },
  { name: 'report-grey', ...DESK, scheme: 'light', isGrey: true },
  { name: 'report-phone', ...PHONE, scheme: 'light', isKept: true },
  { name: 'report-phone-dark', ...PHONE, scheme: 'dark' },
  { name: 'report-phone-grey', ...PHONE, scheme: 'light', isGrey: true },
  { name: 'report-print', ...PAPER, scheme: 'light' },
  { name: 'report-print-grey', ...PAPER, scheme: 'light', isGrey: true },
];

/**
 * The first screen of a recorded run's report, as everybody has it: desk, phone and paper, light, dark and without colours.
 *
 * @param all folder for all of them, to be looked at; those that docs/ show are made in any case
 * @returns the files that were made
 */
export async function reportImages(browser: Browser, images: string, all?: string): Promise<string[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'connrig-screenshots-'));
  const page = await browser.newPage();
  try {
    unpackGolden('cycles', scratch);
    writeReports(scratch, () => {}, { sizing: PLAN });
    const made: string[] = [];
    for (const { name, width, height, scheme, isGrey, isPrint, isKept } of VIEWS) {
      const folder = isKept ? images : all;
      if (folder === undefined) continue;
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme, media: isPrint ? 'print' : 'screen' });
      await page.goto(`file://${join(scratch, 'report.html')}`);
      if (isGrey) await page.addStyleTag({ content: 'html { filter: grayscale(1); }' });
      const path = join(folder, `${name}.png`);
      await page.screenshot({ path });
      made.push(path);
    }
    return made;
  } finally {
    await page.close();
    rmSync(scratch, { recursive: true });
  }
}
