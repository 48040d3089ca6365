import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Rotation } from './rotation.ts';

const destinationsOf = (count: number) => Array.from({ length: count }, (_, i) => ({ ip: '127.0.0.1', port: i + 1 }));

/** The next so many, as `PORT from SOURCE`. */
function walk(rotation: Rotation, count: number): string[] {
  return Array.from({ length: count }, () => {
    const { destination, source } = rotation;
    rotation.advance();
    return `${'port' in destination ? destination.port : destination.path} from ${source}`;
  });
}

test('destinations take turns, then sources', () => {
  const rotation = new Rotation(destinationsOf(2), ['a', 'b'], 0);
  assert.deepEqual(walk(rotation, 5), ['1 from a', '2 from a', '1 from b', '2 from b', '1 from a']);
});

test('workers begin at different ones', () => {
  assert.deepEqual(walk(new Rotation(destinationsOf(3), [], 2), 3), [
    '3 from undefined',
    '1 from undefined',
    '2 from undefined',
  ]);
});

test('each of many destinations gets 64 in a row, and all of them the same', () => {
  const walked = walk(new Rotation(destinationsOf(9), [], 1), 9 * 64);
  assert.deepEqual(new Set(walked.slice(0, 64)), new Set(['2 from undefined']));
  assert.equal(walked[64], '3 from undefined');
  for (let port = 1; port <= 9; port++) {
    assert.equal(walked.filter((one) => one === `${port} from undefined`).length, 64);
  }
});

test('a million over four machines of 13 workers each: no port of the target gets much more than another', () => {
  const [machines, workers, ports] = [4, 13, 51];
  const counts = new Map<number, number>();
  for (let machine = 0; machine < machines; machine++)
    for (let worker = 0; worker < workers; worker++) {
      const rotation = new Rotation(destinationsOf(ports), [], machine + machines * worker);
      for (let i = 0; i < 1e6 / machines / workers; i++) {
        const { port } = rotation.destination as { port: number };
        counts.set(port, (counts.get(port) ?? 0) + 1);
        rotation.advance();
      }
    }
  const all = [...counts.values()];
  assert.equal(all.length, ports);
  assert.ok(Math.max(...all) - Math.min(...all) <= 128, `${Math.min(...all)} to ${Math.max(...all)}`);
});
