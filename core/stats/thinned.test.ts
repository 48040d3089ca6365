import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Thinned } from './thinned.ts';

test('up to the most there can be, every point stays', () => {
  const series = new Thinned<number>(4);
  assert.deepEqual(
    [0, 1, 2, 3].map((value) => series.add(value)),
    Array(4).fill('appended'),
  );
  assert.deepEqual(series.points, [0, 1, 2, 3]);
});

test('beyond, points are thinned evenly, the first one always among them', () => {
  const series = new Thinned<number>(4);
  const happened = Array.from({ length: 21 }, (_, i) => series.add(i));
  assert.deepEqual(series.points, [0, 8, 16]);
  assert.deepEqual(happened.slice(4, 9), ['thinned', 'left out', 'appended', 'left out', 'thinned']);
  assert.deepEqual(happened.filter((what) => what === 'thinned').length, 3);
});

test('a day of ticks stays within the bound, spread evenly up to the end', () => {
  const series = new Thinned<number>(600);
  const ticks = 24 * 3600 * 5;
  for (let i = 0; i < ticks; i++) series.add(i);
  const { points } = series;
  assert.ok(points.length > 300 && points.length <= 600, String(points.length));
  const steps = new Set(points.slice(1).map((point, i) => point - points[i]!));
  assert.equal(steps.size, 1);
  assert.ok(ticks - points.at(-1)! <= [...steps][0]!);
});
