/**
 * `npm run generate`: writes what is made by a program and kept in the repository. With `--check` it writes nothing, and
 * fails when something isn't as it would be.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedDashboards } from '../dashboards/generated.ts';
import { generatedDocs } from './docs/generated.ts';
import { goldenReports } from './golden/golden-runs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const isCheck = process.argv.includes('--check');

for (const [path, text] of [...generatedDocs(), ...generatedDashboards(), ...goldenReports()]) {
  const file = join(root, path);
  if (textOf(file) === text) continue;
  process.stdout.write(`${isCheck ? 'differs' : 'written'}: ${path}\n`);
  if (isCheck) {
    process.exitCode = 1;
    continue;
  }
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
