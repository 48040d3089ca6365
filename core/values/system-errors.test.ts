import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { usageError } from './errors.ts';
import { systemError } from './system-errors.ts';

const errorWith = (code: string, syscall?: string): Error => Object.assign(new Error('x'), { code, syscall });

test('limits of the system have a code and a hint of ours', () => {
  for (const [code, syscall, wanted, hint] of [
    ['EMFILE', 'open', 'EFILES', /^ulimit -n/],
    ['ENFILE', 'accept', 'EFILES', /^sysctl -w fs\.file-max/],
    ['EAGAIN', 'spawn /bin/sh', 'ELIMITS', /^ulimit -u/],
    ['ERR_WORKER_INIT_FAILED', undefined, 'ELIMITS', /^ulimit -u/],
    ['ENOMEM', 'mmap', 'EMEMORY', /^ulimit -v/],
    ['ENOSPC', 'write', 'EOUT', /^df -h/],
    ['EFBIG', 'write', 'EOUT', /^ulimit -f/],
  ] as const) {
    const error = systemError(errorWith(code, syscall));
    assert.equal(error?.code, wanted, code);
    assert.match(error!.hint, hint);
    assert.ok(error!.message.endsWith(`(${code})`));
  }
});

test('everything else stays what it is', () => {
  const { error } = spawnSync('/nowhere/at/all');
  for (const other of [
    error,
    errorWith('EAGAIN', 'write'),
    errorWith('constructor'),
    usageError(['x'], 'y'),
    'EMFILE',
  ]) {
    assert.equal(systemError(other), undefined);
  }
});
