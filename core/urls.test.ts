import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTargetUrl, type TargetUrl } from './urls.ts';

const GOOD: ReadonlyArray<[string, Omit<TargetUrl, 'text'>]> = [
  ['ws://127.0.0.1:3000', { protocol: 'ws', host: '127.0.0.1', ports: [3000], path: '/' }],
  ['tcp://localhost:1', { protocol: 'tcp', host: 'localhost', ports: [1], path: '/' }],
  ['tcp://localhost:65535/', { protocol: 'tcp', host: 'localhost', ports: [65_535], path: '/' }],
  ['WS://Host.example:80/a/b?c=d&e', { protocol: 'ws', host: 'Host.example', ports: [80], path: '/a/b?c=d&e' }],
  ['ws://h:80?token=1', { protocol: 'ws', host: 'h', ports: [80], path: '/?token=1' }],
  ['ws://[::1]:9001', { protocol: 'ws', host: '::1', ports: [9001], path: '/' }],
  ['http://h:8080/work?ms=5', { protocol: 'http', host: 'h', ports: [8080], path: '/work?ms=5' }],
  ['tcp://[fe80::1%eth0]:9001', { protocol: 'tcp', host: 'fe80::1%eth0', ports: [9001], path: '/' }],
  ['tcp://h:9001-9003', { protocol: 'tcp', host: 'h', ports: [9001, 9002, 9003], path: '/' }],
  ['ws://h:9001-9001/x', { protocol: 'ws', host: 'h', ports: [9001], path: '/x' }],
];
for (const [text, wanted] of GOOD) {
  test(`${text} is a target`, () => assert.deepEqual(parseTargetUrl(text), { ...wanted, text }));
}

const BAD: ReadonlyArray<[string, RegExp]> = [
  ['', /is not a target URL/],
  ['127.0.0.1:3000', /is not a target URL/],
  ['ws://127.0.0.1', /is not a target URL/],
  ['ws://:3000', /is not a target URL/],
  ['ws://h:abc', /is not a target URL/],
  ['ws://h:80-', /is not a target URL/],
  ['ws://h:80#part', /is not a target URL/],
  ['ws://h:80/a b', /is not a target URL/],
  ['ws://h:80/a\r\nX: y', /is not a target URL/],
  ['ws://h:80\n', /is not a target URL/],
  ['ws://a b:80', /is not a target URL/],
  ['ws://me@h:80', /is not a target URL/],
  ['ws://::1:80', /is not a target URL/],
  [' ws://h:80', /is not a target URL/],
  ['https://h:80', /the scheme is one of tcp:\/\/, ws:\/\/, http:\/\/$/],
  ['wss://h:80', /the scheme is one of/],
  ['ws://h:0', /ports go from 1 to 65535/],
  ['ws://h:65536', /ports go from 1 to 65535/],
  ['ws://h:9003-9001', /ranges upwards/],
  ['ws://h:9000-99999999999', /ports go from 1 to 65535/],
  ['tcp://h:80/path', /tcp has no path/],
];
for (const [text, why] of BAD) {
  test(`${JSON.stringify(text)} is refused, and the sentence names it`, () => {
    const problem = parseTargetUrl(text);
    assert.equal(typeof problem, 'string');
    assert.match(problem as string, why);
    assert.ok((problem as string).includes(text));
  });
}

test('property: whatever is given, the answer is a target with ports in range or a sentence', () => {
  const pieces = fc.constantFrom('ws', 'tcp', '://', ':', '/', '?', '-', '[', ']', '::1', 'h', '80', '0', '70000', ' ');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces).map((parts) => parts.join('')),
      ),
      (text) => {
        const url = parseTargetUrl(text);
        if (typeof url === 'string') return;
        assert.ok(url.ports.length > 0 && url.ports.every((port) => port >= 1 && port <= 65_535));
        assert.ok(url.host !== '' && !/[\s/@[\]]/.test(url.host) && url.path.startsWith('/'));
      },
    ),
  );
});
