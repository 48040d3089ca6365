import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { countReserved, parseLimits, readPorts, readSnapshot } from './snapshot.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false };

test('limits of open files, unlimited among them', () => {
  const line = (soft: string, hard: string): string =>
    `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}    ${hard}   files\n`;
  assert.deepEqual(parseLimits(line('1024', '20000')), [1024, 20_000]);
  assert.deepEqual(parseLimits(line('1024', 'unlimited')), [1024, Number.POSITIVE_INFINITY]);
  assert.equal(parseLimits(''), null);
});

for (const [text, count] of [
  ['', 0],
  ['\n', 0],
  ['8080,9000-9003\n', 0],
  ['40000,40010-40019,60990-61010\n', 21],
  ['1-65535\n', 28_232],
] as const) {
  test(`reserved ports within the range: ${JSON.stringify(text)} → ${count}`, () => {
    assert.equal(countReserved(text, [32_768, 60_999]), count);
  });
}

test("this machine's limits, as the system's own tools say them", onLinux, async () => {
  const snapshot = await readSnapshot({ targetPid: process.pid, ports: [9] });
  const files = Number(execFileSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }));
  const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  assert.equal(snapshot.filesHard, files);
  assert.ok(snapshot.targetFiles !== null && snapshot.targetFiles <= files);
  assert.deepEqual(snapshot.portRange, [first, last]);
  assert.equal(snapshot.somaxconn, Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')));
  assert.ok(snapshot.systemFilesOpen! > 0 && snapshot.systemFilesOpen! < snapshot.systemFilesMax!);
  assert.ok(snapshot.tcpMemMaxBytes! > 2 ** 20 && snapshot.memoryAvailableBytes > 2 ** 20);
  assert.ok(snapshot.timeWait! >= 0);
  assert.equal((await readSnapshot()).timeWait, null, 'nobody asked, so no list was read');
});

test('where there is no /proc, limits are unknown and memory is not', async () => {
  const snapshot = await readSnapshot({ proc: '/nowhere', ports: [9] });
  assert.deepEqual(
    [snapshot.portRange, snapshot.somaxconn, snapshot.conntrackMax, snapshot.timeWait],
    [null, null, null, null],
  );
  assert.ok(snapshot.filesHard! > 0 && snapshot.memoryAvailableBytes > 2 ** 20);
});

test('ports are those of now: somebody may have widened the range', (t) => {
  const proc = mkdtempSync(join(tmpdir(), 'connrig-proc-'));
  t.after(() => rmSync(proc, { recursive: true }));
  const folder = join(proc, 'sys/net/ipv4');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'ip_local_reserved_ports'), '2000-2009\n');
  writeFileSync(join(folder, 'ip_local_port_range'), '32768\t60999\n');
  assert.deepEqual(readPorts(proc), { portRange: [32_768, 60_999], reservedPorts: 0 });
  writeFileSync(join(folder, 'ip_local_port_range'), '1024\t65535\n');
  assert.deepEqual(readPorts(proc), { portRange: [1024, 65_535], reservedPorts: 10 });
});
