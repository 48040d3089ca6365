import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readRuntimeKind, readRuntimeOf } from './runtime-kind.ts';

const folder = mkdtempSync(join(tmpdir(), 'connrig-runtime-'));
after(() => rmSync(folder, { recursive: true }));

/** A program that prints a line once it runs, and waits for its input to end. */
async function kindOfRunning(command: string, args: readonly string[]): Promise<string | undefined> {
  const child: ChildProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(child.stdout!, 'data');
    return readRuntimeKind(child.pid!);
  } finally {
    child.stdin!.end();
    await once(child, 'exit');
  }
}

test('Node.js is told by its name, and this very process is one', () => {
  assert.equal(readRuntimeKind(process.pid), 'node');
});

test('Python is told by its name, with a version in it', async () => {
  assert.equal(
    await kindOfRunning('python3', ['-c', 'print("up", flush=True); input_ = __import__("sys").stdin.read()']),
    'python',
  );
});

test('a program of the C library is native', async () => {
  assert.equal(await kindOfRunning('cat', ['/proc/self/comm', '-']), 'native');
});

test('Go is told by what its linker leaves, under any name', async () => {
  const source = join(folder, 'main.go');
  writeFileSync(
    source,
    'package main\nimport ("fmt"; "io"; "os")\nfunc main() { fmt.Println("up"); io.Copy(io.Discard, os.Stdin) }\n',
  );
  const built = join(folder, 'server');
  execFileSync('go', ['build', '-o', built, source], {
    env: { ...process.env, GO111MODULE: 'off', GOCACHE: join(folder, 'cache') },
  });
  const stripped = join(folder, 'stripped');
  copyFileSync(built, stripped);
  execFileSync('strip', [stripped]);
  assert.deepEqual(await Promise.all([built, stripped].map((one) => kindOfRunning(one, []))), ['go', 'go']);
});

test('nobody there has no kind', () => {
  assert.equal(readRuntimeKind(2 ** 22 + 1), undefined);
});

test('what a shell has started is told, whoever is named first', { skip: process.platform !== 'linux' }, async () => {
  const shell = spawn('/bin/sh', ['-c', 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    assert.equal(readRuntimeOf([shell.pid!, process.pid]), 'node');
    assert.equal(readRuntimeOf([shell.pid!]), 'native');
    assert.equal(readRuntimeOf([]), undefined);
  } finally {
    shell.stdin.end();
    await once(shell, 'exit');
  }
});
