/**
 * `npm run bench`: the targets for speed and memory, measured on this machine. The quick parts, or those that are named:
 * `npm run bench -- opens scrape`, `npm run bench -- fuzz --seed 20261127`. Prints Markdown for docs/speed-of-connrig.md; ends with 1 when a target isn't reached.
 */
import { availableParallelism, cpus, type as osType, release, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { humanBytes } from '../core/values/units.ts';
import { PARTS } from './bench/benchmarks.ts';

const { positionals: wanted, values } = parseArgs({ allowPositionals: true, options: { seed: { type: 'string' } } });
const seed = values.seed === undefined ? undefined : Number(values.seed);
const unknown = wanted.filter((name) => !PARTS.some((part) => part.name === name));
if (unknown.length > 0) {
  process.stderr.write(`no such part: ${unknown.join(', ')}; there are ${PARTS.map(({ name }) => name).join(', ')}\n`);
  process.exitCode = 2;
} else {
  print(
    `${osType()} ${release()}, ${availableParallelism()} × ${cpus()[0]?.model.trim()}, ${humanBytes(totalmem())}, Node.js ${process.version}, ${new Date().toISOString().slice(0, 10)}`,
  );
  for (const part of PARTS.filter(({ name, onDemand }) => (wanted.length === 0 ? !onDemand : wanted.includes(name)))) {
    print(`\n### ${part.name}\n\n${part.method}\n\n| what | measured | target | |\n|---|---:|---:|---|`);
    for (const { what, value, target, holds } of await part.measure({ seed })) {
      print(`| ${what} | ${value} | ${target} | ${target === '' ? '' : holds ? 'holds' : '**falls short**'} |`);
      if (!holds) process.exitCode = 1;
    }
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
