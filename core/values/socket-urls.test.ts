import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseTargetUrl, type TargetUrl } from './urls.ts';

const GOOD: ReadonlyArray<
  [text: string, wanted: Pick<TargetUrl, 'scheme' | 'protocol' | 'socketPath' | 'path' | 'text'>]
> = [
  [
    'ws+unix:///run/app.sock:/chat',
    {
      scheme: 'ws+unix',
      protocol: 'ws',
      socketPath: '/run/app.sock',
      path: '/chat',
      text: 'ws+unix:///run/app.sock:/chat',
    },
  ],
  [
    'ws+unix:///run/app.sock',
    { scheme: 'ws+unix', protocol: 'ws', socketPath: '/run/app.sock', path: '/', text: 'ws+unix:///run/app.sock' },
  ],
  // As npm `ws` takes it as well.
  [
    'WS+unix:/run/app.sock:/a/b:c?d=e',
    {
      scheme: 'ws+unix',
      protocol: 'ws',
      socketPath: '/run/app.sock',
      path: '/a/b:c?d=e',
      text: 'ws+unix:///run/app.sock:/a/b:c?d=***',
    },
  ],
  [
    'tcp+unix:///run/app.sock',
    { scheme: 'tcp+unix', protocol: 'tcp', socketPath: '/run/app.sock', path: '/', text: 'tcp+unix:///run/app.sock' },
  ],
  [
    'http+unix:///run/a%3Ab%20c%25.sock:?x=secret',
    {
      scheme: 'http+unix',
      protocol: 'http',
      socketPath: '/run/a:b c%.sock',
      path: '/?x=secret',
      text: 'http+unix:///run/a%3Ab%20c%25.sock:?x=***',
    },
  ],
  // As other clients of HTTP have it.
  [
    'http+unix://%2Frun%2Fapp.sock/chat?x=secret',
    {
      scheme: 'http+unix',
      protocol: 'http',
      socketPath: '/run/app.sock',
      path: '/chat?x=secret',
      text: 'http+unix:///run/app.sock:/chat?x=***',
    },
  ],
  [
    'http+unix://%2frun%2fme@home.sock',
    {
      scheme: 'http+unix',
      protocol: 'http',
      socketPath: '/run/me@home.sock',
      path: '/',
      text: 'http+unix:///run/me@home.sock',
    },
  ],
];
for (const [text, wanted] of GOOD) {
  test(`${text} is a target at a Unix socket`, () => {
    const read = parseTargetUrl(text);
    assert.deepEqual(read, { ...wanted, transport: 'plain', family: 'unix', host: 'localhost', ports: [] });
    assert.deepEqual({ ...(parseTargetUrl(wanted.text) as TargetUrl), path: '' }, { ...(read as TargetUrl), path: '' });
  });
}

const BAD: ReadonlyArray<[text: string, why: RegExp]> = [
  ['ws+unix://', /the path of a socket is missing; write ws\+unix:\/\/\/run\/app\.sock$/],
  ['ws+unix:run/app.sock', /begins with a slash.*write ws\+unix:\/\/\$PWD\/run\/app\.sock$/],
  ['ws+unix://app.sock:/chat', /begins with a slash.*write ws\+unix:\/\/\$PWD\/app\.sock:\/chat$/],
  ['ws+unix://@app:/chat', /an abstract socket has no path, and is not reached from here/],
  ['ws+unix://%00app:/chat', /an abstract socket has no path/],
  ['ws+unix:///run/a%00b', /no path has a 0 byte/],
  ['ws+unix:///run/a%zz', /a % in the path of a socket is written %25$/],
  ['ws+unix:///run/', /it names a folder; write the socket in it: ws\+unix:\/\/\/run\/app\.sock$/],
  ['ws+unix:///run/app.sock:chat', /in the path itself a colon is written %3A: ws\+unix:\/\/\/run\/app\.sock%3Achat$/],
  ['ws+unix:///run/app.sock:3000', /a colon ends the path of the socket/],
  ['ws+unix:///run/app.sock?token=secret', /there is a colon; write ws\+unix:\/\/\/run\/app\.sock:\/\?token=\*\*\*$/],
  ['ws+unix:///run/app.sock:/a#b', /no server sees what follows a #/],
  ['ws+unix:///run/my app.sock', /in a path write %20/],
  [
    'tcp+unix:///run/app.sock:/chat',
    /tcp\+unix has no path but the socket's; leave the other out: tcp\+unix:\/\/\/run\/app\.sock$/,
  ],
  ['wss+unix:///run/app.sock:/a', /TLS is not spoken at a Unix socket.*: ws\+unix:\/\/\/run\/app\.sock:\/a$/],
  ['https+unix:///run/app.sock', /TLS is not spoken.*: http\+unix:\/\/\/run\/app\.sock$/],
  ['tls+unix:///run/app.sock', /TLS is not spoken.*: tcp\+unix:\/\/\/run\/app\.sock$/],
  [
    'redis+unix:///run/redis.sock',
    /redis\+unix is not spoken here; at a Unix socket the scheme is one of tcp\+unix:\/\/, ws/,
  ],
  [
    `ws+unix:///run/${'x'.repeat(103)}`,
    /107 bytes at the most, and this one has 108; a link to its folder.*ln -s \/run \/tmp\/s$/,
  ],
  [`ws+unix:///run/${'ü'.repeat(52)}`, /this one has 109/],
];
for (const [text, why] of BAD) {
  test(`${JSON.stringify(text.slice(0, 60))} is refused, and the sentence says what to write`, () => {
    const problem = parseTargetUrl(text);
    assert.equal(typeof problem, 'string', JSON.stringify(problem));
    assert.match(problem as string, why);
    assert.doesNotMatch(problem as string, /secret/);
  });
}

test('a path of 107 bytes is one, and signs of other letters count as their bytes', () => {
  for (const path of [`/run/${'x'.repeat(102)}`, `/run/${'ü'.repeat(51)}`]) {
    const read = parseTargetUrl(`tcp+unix://${path}`);
    assert.ok(typeof read !== 'string' && read.socketPath === path);
  }
});

test('property: whatever a path has in it, encoded it is read as it is', () => {
  const path = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => !/[\0/]|^[.]/.test(text));
  fc.assert(
    fc.property(path, (name) => {
      const read = parseTargetUrl(`ws+unix:///run/${encodeURIComponent(name)}:/chat`);
      assert.ok(typeof read !== 'string', String(read));
      assert.deepEqual([read.socketPath, read.path], [`/run/${name}`, '/chat']);
    }),
    { numRuns: 50 },
  );
});
