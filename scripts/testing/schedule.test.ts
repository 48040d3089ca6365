import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { longestFirst, nextToStart, shareOfCores, type Waiting } from './schedule.ts';

const file = (name: string, wallSeconds: number, cpuSeconds: number): Waiting => ({
  name,
  cost: { wallSeconds, cpuSeconds },
});

describe('the order of test files', () => {
  it('begins with the longest; one that was never run counts as long', () => {
    const files = [file('a', 1, 1), file('b', 60, 1), { name: 'new', cost: undefined }, file('c', 5, 5)];
    assert.deepEqual(
      longestFirst(files).map(({ name }) => name),
      ['b', 'new', 'c', 'a'],
    );
  });

  it('counts a file by the cores that it keeps busy', () => {
    assert.equal(shareOfCores(file('waits', 100, 1), 2), 0.15);
    assert.equal(shareOfCores(file('works', 100, 90), 2), 0.9);
    assert.equal(shareOfCores(file('in parallel', 10, 70), 2), 2);
    assert.equal(shareOfCores({ name: 'new', cost: undefined }, 2), 1);
  });

  it('puts files that wait beside files that work, and none beside what takes all cores', () => {
    const waits = file('waits', 50, 5);
    const works = file('works', 40, 40);
    const all = file('all', 30, 60);
    assert.equal(nextToStart([all, works], [], 2), all);
    assert.equal(nextToStart([waits, works], [all], 2), waits);
    assert.equal(nextToStart([works], [all], 2), undefined);
    assert.equal(nextToStart([all, works], [works], 2), works);
    assert.equal(nextToStart([all, works, waits], [works, works], 2), waits);
  });

  it('runs no more than six at once on two cores, whatever they wait for', () => {
    const waits = file('waits', 50, 0);
    assert.equal(
      nextToStart(
        [waits],
        Array.from({ length: 5 }, () => waits),
        2,
      ),
      waits,
    );
    assert.equal(
      nextToStart(
        [waits],
        Array.from({ length: 6 }, () => waits),
        2,
      ),
      undefined,
    );
  });
});
