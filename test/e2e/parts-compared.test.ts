/** Two versions of a library in one server: what they differ in is told part by part, whatever the whole scatters by. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { assertWentThrough, connrig, HASTY, newFolder } from '../support/connrig.ts';
import { needs } from '../support/needs.ts';
import { unusedPort } from '../support/peers.ts';

const TIMEOUT = { timeout: 300_000, skip: process.platform === 'linux' ? needs('npm') : 'needs /proc' };
/** Before 8.22.2 a connection at rest keeps the buffer of its last message: see findings/ws-keeps-last-frame.sh. */
const VERSIONS = { old: '8.22.1', new: '8.22.2' };
const MESSAGE_BYTES = 16_000;
const LEVELS = ['--levels', '50,100,150,200', ...HASTY];

const SERVER = `
const [, , library, port] = process.argv;
const { WebSocketServer } = require(library);
const server = new WebSocketServer({ port: Number(port), host: '127.0.0.1', perMessageDeflate: false });
server.on('connection', (socket) => socket.on('message', () => {}));
`;

it('ws before 8.22.2 and from it on: 16 KB of external memory, in the row and in the verdict', TIMEOUT, async (t) => {
  const home = dirname(newFolder(t));
  const server = join(home, 'server.cjs');
  writeFileSync(server, SERVER);
  // Each connection says one message, and then rests.
  const hello = join(home, 'hello.bin');
  writeFileSync(hello, Buffer.alloc(MESSAGE_BYTES, 'x'));
  const packages = Object.entries(VERSIONS).map(([name, version]) => `${name}@npm:ws@${version}`);
  npm('install', '--prefix', home, '--no-audit', '--no-fund', ...packages);

  const measured = async (name: keyof typeof VERSIONS): Promise<string> => {
    const [folder, port] = [join(home, name), await unusedPort()];
    const command = `exec ${process.execPath} ${server} ${join(home, 'node_modules', name)} ${port}`;
    const url = `ws://127.0.0.1:${port}`;
    const args = ['run', url, '--command', command, '--send-on-open', `@${hello}`, ...LEVELS, '--quiet'];
    assertWentThrough(await connrig(t, [...args, '--out', folder]));
    return folder;
  };
  const folders = [await measured('old'), await measured('new')];
  await assertTold(t, folders, join(home, 'comparison'));
});

async function assertTold(t: TestContext, folders: readonly string[], out: string): Promise<void> {
  const { code, stdout, stderr } = await connrig(t, ['compare', ...folders, '--out', out]);
  assert.equal(code, 0, stderr);
  const { protocols } = JSON.parse(readFileSync(join(out, 'compare.json'), 'utf8'));
  const external = protocols[0].parts.find(({ part }: { part: string }) => part === 'external');
  const [before, after] = external.values;
  // The frame's head is in the buffer as well.
  const keptBytes = MESSAGE_BYTES + 8;
  assert.ok(before.bytes >= keptBytes - 200 && before.bytes <= keptBytes + 400, `${before.bytes} B`);
  assert.ok(Math.abs(after.bytes) < 500, `${after.bytes} B`);
  for (const { bytes, interval } of external.values) {
    assert.ok(interval.low <= bytes && bytes <= interval.high && interval.high - interval.low < 4000, stdout);
  }
  const { difference } = after;
  assert.equal(difference.word, 'cheaper');
  assert.ok(Math.abs(difference.bytes + MESSAGE_BYTES) < 800 && difference.high < -8000, `${difference.bytes} B`);
  assert.match(stdout, /^ +external to the heap +1\d\.\d KiB \[.*\] .* cheaper$/m);
  // Whatever the whole shows.
  const [verdict] = stdout.split('\n');
  assert.match(
    verdict!,
    /^B, ws: .*; shown part by part: (.*, )?external to the heap by -1\d\.\d KiB \[-1\d\.\d, -1\d\.\d\]/,
  );
}

/** As a person would start it: without what an `npm test` around us says about itself. */
function npm(...args: readonly string[]): void {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  execFileSync('npm', args, { env, stdio: 'ignore' });
}
