import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeTarget } from '../test/targets/made.ts';
import { findTarget, targetNames } from './catalogue.ts';

test('every target of ours has a manifest that holds, and its name', () => {
  const names = targetNames();
  assert.ok(names.length >= 17, names.join());
  for (const name of names) {
    const source = findTarget(name);
    assert.ok(typeof source === 'object', String(source));
    assert.equal(source.manifest.name, name);
    for (const { install } of source.manifest.toolchain) assert.match(install, /^sudo apt-get install -y /);
  }
});

const broken: ReadonlyArray<[Parameters<typeof makeTarget>[1], RegExp]> = [
  [{ run: './server' }, /run/],
  [{ readyWithin: 'soon' }, /readyWithin/],
  [{ protocols: [] }, /protocols/],
  [{ toolchain: [{ check: 'go version' }] }, /install/],
  [{ tuned: true } as object, /tuned/],
];
for (const [manifest, named] of broken) {
  test(`a manifest with ${JSON.stringify(manifest)} is refused in one line`, (t) => {
    const answer = findTarget(makeTarget(t, manifest).folder);
    assert.ok(typeof answer === 'string');
    assert.match(answer, named);
    assert.doesNotMatch(answer, /\n/);
  });
}

test('a folder without a manifest, of another name, or that is no YAML is told', (t) => {
  const { folder } = makeTarget(t, { name: 'it' });
  assert.match(String(findTarget(join(folder, 'below'))), /there is no target\.yaml in .*\/it\/below/);
  assert.match(String(findTarget('it')), /there is no target "it", only c-tcp, .*\.\/it$/);
  writeFileSync(join(folder, 'target.yaml'), 'a: [');
  assert.match(String(findTarget(folder)), /target\.yaml can't be read: /);
});
