import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OUTCOMES } from '../values/outcomes.ts';
import { parseTargetUrl } from '../values/urls.ts';
import { PROTOCOLS } from './names.ts';
import { DESCRIPTORS, findProtocols } from './protocols.ts';
import { PORT_SCHEMES, toCarried } from './schemes.ts';

for (const name of PROTOCOLS) {
  const descriptor = DESCRIPTORS[name];
  test(`${name}: its descriptor is whole, and in words that fit into sentences`, () => {
    const { nouns, failures, estimatedBytes } = descriptor;
    assert.match(nouns[1], new RegExp(`^${nouns[0]}s$`));
    for (const [outcome, { sentence, hint }] of Object.entries(failures)) {
      assert.ok((OUTCOMES as readonly string[]).includes(outcome), outcome);
      assert.doesNotMatch(sentence ?? '', /^[A-Z]|\.$/, `${outcome}: it stands behind a colon`);
      assert.doesNotMatch(hint, /\.$/, outcome);
    }
    // The kernel alone takes 4.3 KB an end.
    for (const bytes of Object.values(estimatedBytes)) assert.ok(bytes >= 4300 && bytes < 100_000, String(bytes));
    assert.ok(estimatedBytes.epoll <= estimatedBytes.node);
  });

  test(`${name}: a URL with its scheme is read, and says what is missing`, () => {
    const read = parseTargetUrl(`${name}://h:1`);
    assert.ok(typeof read !== 'string' && read.protocol === name);
    assert.match(String(parseTargetUrl(`${name}://h`)), new RegExp(`write ${name}://h:${toCarried(name).usualPort}`));
    assert.equal(typeof parseTargetUrl(`${name}://h:1/path`) !== 'string', descriptor.hasPath);
  });
}

test('each listens at ports of its own, so that one server can serve all', () => {
  assert.equal(new Set(PORT_SCHEMES.map((name) => toCarried(name).servedPort)).size, PORT_SCHEMES.length);
});

test('something can be measured of each exchange', () => {
  assert.deepEqual(
    findProtocols(({ exchange }) => exchange === 'requests'),
    ['http'],
  );
  assert.deepEqual(
    findProtocols(({ compresses }) => compresses),
    ['ws'],
  );
});
