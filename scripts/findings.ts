/** `npm run findings`: shows what is told in `findings/`, or those of it whose names contain a word. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ENDING = '.sh';
const folder = fileURLToPath(new URL('../../findings', import.meta.url));
const words = process.argv.slice(2);
const names = readdirSync(folder)
  .filter((name) => name.endsWith(ENDING))
  .map((name) => name.slice(0, -ENDING.length))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)));

if (names.length === 0) {
  process.stderr.write(`no finding is called ${words.join(' or ')}\n`);
  process.exitCode = 2;
}
const changed = names.filter((name) => {
  process.stdout.write(`\n${name}\n`);
  return spawnSync('bash', [`${folder}/${name}${ENDING}`], { stdio: 'inherit' }).status !== 0;
});
if (changed.length > 0) {
  process.stdout.write(`\nnot as told any more: ${changed.join(', ')}\n`);
  process.exitCode = 1;
}
