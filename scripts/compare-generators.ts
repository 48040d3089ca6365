/**
 * `node dist/scripts/compare-generators.js [rounds] [name …]`: connrig beside k6, artillery, tsung and a client in plain C,
 * on this machine, against the same server. Prints Markdown for docs/speed-of-connrig.md; ends with 1 when a target isn't
 * reached. Names choose who takes part: `1 connrig floor`.
 */
import { compareGenerators, contenders, figuresOf, formatComparisons } from './generators/compare.ts';

const [rounds = '3', ...names] = process.argv.slice(2);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const all = await contenders(say);
const wanted = all.filter(
  ({ name, protocol }) => names.length === 0 || names.some((part) => `${protocol} ${name}`.includes(part)),
);
const comparisons = await compareGenerators(wanted, Number(rounds), say);
process.stdout.write(`${formatComparisons(comparisons)}\n\n| what | measured | target | |\n|---|---:|---:|---|\n`);
for (const { what, value, target, holds } of figuresOf(comparisons)) {
  process.stdout.write(`| ${what} | ${value} | ${target} | ${holds ? 'holds' : '**falls short**'} |\n`);
  if (!holds) process.exitCode = 1;
}
