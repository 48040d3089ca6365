/**
 * `npm test`: every `*.test.js` of the build, through node's own runner. Arguments narrow it down by part of a path:
 * `npm test -- protocols/ws`. Two files run at a time: most of the time they wait for memory to come to rest, and what they
 * measure (processes of their own, sockets counted one by one) is not changed by a neighbour.
 * What the files need from Debian is installed first, where that may be done.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './needs/install.ts';
import { namedIn } from './needs/named.ts';

const AT_ONCE = 2;

const dist = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.js'))
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .sort()
  .map((path) => join(dist, path));
if (files.length === 0) {
  say(`no test file matches ${wanted.join(' ')}`);
  process.exitCode = 2;
} else {
  const missing = await install(namedIn(files), say);
  if (missing) say(missing);
  const { status } = spawnSync(
    process.execPath,
    ['--enable-source-maps', '--test', `--test-concurrency=${AT_ONCE}`, '--test-reporter=spec', ...files],
    { stdio: 'inherit' },
  );
  process.exitCode = status ?? 1;
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
