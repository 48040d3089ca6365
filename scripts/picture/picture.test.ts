import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { REPOSITORY } from '../checks/repository.ts';
import { readPicture } from './draw.ts';
import { type Arrow, formatArrow, ROOMS, readArrows, reduceArrows } from './rooms.ts';

test('the picture shows which room imports which, and no arrow points upwards; else: npm run picture', async () => {
  const { arrows, depths } = readPicture(readFileSync(join(REPOSITORY, 'docs/images/rooms.svg'), 'utf8'));
  const drawn = reduceArrows(await readArrows());
  assert.deepEqual(arrows, drawn.map(formatArrow).sort());
  assert.deepEqual([...depths.keys()].sort(), Object.keys(ROOMS).sort());
  const upwards = drawn.filter(({ from, to }) => !(depths.get(from)! < depths.get(to)!));
  assert.deepEqual(upwards.map(formatArrow), []);
});

test('an arrow that a way over another room says already is left out', () => {
  const arrows: Arrow[] = [
    { from: 'cli', to: 'client' },
    { from: 'cli', to: 'core' },
    { from: 'client', to: 'fleet' },
    { from: 'fleet', to: 'core' },
  ];
  assert.deepEqual(reduceArrows(arrows).map(formatArrow), ['cli → client', 'client → fleet', 'fleet → core']);
});
