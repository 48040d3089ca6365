import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { redactUrl } from './secrets.ts';
import { parseTargetUrl, type TargetUrl } from './urls.ts';

const GOOD: ReadonlyArray<[string, Omit<TargetUrl, 'text' | 'family'>]> = [
  [
    'ws://127.0.0.1:3000',
    { scheme: 'ws', protocol: 'ws', transport: 'plain', host: '127.0.0.1', ports: [3000], path: '/' },
  ],
  [
    'tcp://localhost:1',
    { scheme: 'tcp', protocol: 'tcp', transport: 'plain', host: 'localhost', ports: [1], path: '/' },
  ],
  [
    'tcp://localhost:65535/',
    { scheme: 'tcp', protocol: 'tcp', transport: 'plain', host: 'localhost', ports: [65_535], path: '/' },
  ],
  [
    'WS://Host.example:80/a/b?c=d&e',
    { scheme: 'ws', protocol: 'ws', transport: 'plain', host: 'Host.example', ports: [80], path: '/a/b?c=d&e' },
  ],
  [
    'ws://h:80?token=1',
    { scheme: 'ws', protocol: 'ws', transport: 'plain', host: 'h', ports: [80], path: '/?token=1' },
  ],
  ['ws://[::1]:9001', { scheme: 'ws', protocol: 'ws', transport: 'plain', host: '::1', ports: [9001], path: '/' }],
  [
    'http://h:8080/work?ms=5',
    { scheme: 'http', protocol: 'http', transport: 'plain', host: 'h', ports: [8080], path: '/work?ms=5' },
  ],
  [
    'tcp://[fe80::1%25eth0]:9001',
    { scheme: 'tcp', protocol: 'tcp', transport: 'plain', host: 'fe80::1%eth0', ports: [9001], path: '/' },
  ],
  [
    'tcp://[fe80::1%eth0]:9001',
    { scheme: 'tcp', protocol: 'tcp', transport: 'plain', host: 'fe80::1%eth0', ports: [9001], path: '/' },
  ],
  [
    'tcp://h:9001-9003',
    { scheme: 'tcp', protocol: 'tcp', transport: 'plain', host: 'h', ports: [9001, 9002, 9003], path: '/' },
  ],
  ['ws://h:9001-9001/x', { scheme: 'ws', protocol: 'ws', transport: 'plain', host: 'h', ports: [9001], path: '/x' }],
  ['WSS://h:443/x', { scheme: 'wss', protocol: 'ws', transport: 'tls', host: 'h', ports: [443], path: '/x' }],
  [
    'https://[::1]:8443',
    { scheme: 'https', protocol: 'http', transport: 'tls', host: '::1', ports: [8443], path: '/' },
  ],
  ['tls://h:993', { scheme: 'tls', protocol: 'tcp', transport: 'tls', host: 'h', ports: [993], path: '/' }],
];
for (const [text, wanted] of GOOD) {
  test(`${text} is a target`, () =>
    assert.deepEqual(parseTargetUrl(text), { ...wanted, family: 'inet', text: redactUrl(text) }));
}

const BAD: ReadonlyArray<[text: string, why: RegExp, shown?: string]> = [
  ['', /it is empty; write one such as ws:/],
  ['127.0.0.1:3000', /no scheme; write tcp:\/\/127\.0\.0\.1:3000, or ws:\/\/127\.0\.0\.1:3000, or http:/],
  ['localhost:3000/chat', /no scheme; write tcp:\/\/localhost:3000, or ws:\/\/localhost:3000\/chat,/],
  ['[::1]:3000', /no scheme; write tcp:\/\/\[::1\]:3000/],
  ['tcp:/h:1', /two slashes go behind its scheme; write tcp:\/\/h:1$/],
  ['ws:127.0.0.1:80/x', /two slashes go behind its scheme; write ws:\/\/127\.0\.0\.1:80\/x$/],
  ['http:/127.0.0.1:80', /two slashes .*; write http:\/\/127\.0\.0\.1:80$/],
  ['ws:80', /no scheme; write tcp:\/\/ws:80, /],
  ['localhost', /a scheme and a port are missing/],
  ['::1', /no scheme, and an IPv6 address goes into brackets/],
  ['ws://127.0.0.1', /a port is missing; write ws:\/\/127\.0\.0\.1:80, or/],
  ['http://h/a?b=c', /a port is missing; write http:\/\/h:80\/a\?b=\*\*\*, or/, 'http://h/a?b=***'],
  ['tcp://h', /a port is missing; write tcp:\/\/h:3000, or/],
  ['ws://h:/', /a port is missing; write ws:\/\/h:80\//],
  ['ws://:3000', /no host; for this machine write ws:\/\/127\.0\.0\.1:3000/],
  ['ws://h:abc', /abc is not a port/],
  ['ws://h:80-', /80- is not a port/],
  ['ws://h:80#part', /no server sees what follows a #/],
  ['ws://h:80/a b', /a space or a line break/],
  ['ws://h:80/a\r\nX: y', /a space or a line break/],
  ['ws://h:80\n', /a space or a line break/],
  ['ws://a b:80', /a space or a line break/],
  [' ws://h:80', /a space or a line break/],
  ['ws://me@h:80', /a user and a password.*leave them out.*: ws:\/\/h:80$/, 'ws://***@h:80'],
  ['ws://me:secret@h:80/x?y=z', /a user and a password.*: ws:\/\/h:80\/x\?y=\*\*\*$/, 'ws://***@h:80/x?y=***'],
  ['wss://me:sec/ret@h:80', /a user and a password.*: wss:\/\/h:80$/, 'wss://***@h:80'],
  ['ws://::1:80', /brackets: ws:\/\/\[::1\]:80$/],
  ['tcp://fe80::1%eth0:80', /brackets: tcp:\/\/\[fe80::1%eth0\]:80$/],
  ['ws://h:1:2', /h:1:2 has more than one port/],
  ['ws://[::g]:80', /\[::g\] is no IPv6 address/],
  ['ws://bücher.example:80/x', /only ASCII letters; write ws:\/\/xn--bcher-kva\.example:80\/x$/],
  ['ws://a,b:80', /no host is called a,b/],
  ['unix:/run/x.sock', /write tcp\+unix:\/\/\/run\/x\.sock, or ws\+unix:\/\/\/run\/x\.sock:\/path$/],
  ['/run/x.sock', /write tcp\+unix:\/\/\/run\/x\.sock, or/],
  ['./x.sock', /write tcp\+unix:\/\/\$PWD\/x\.sock, or/],
  ['~/x.sock', /write tcp\+unix:\/\/\$HOME\/x\.sock, or/],
  ['wss://h', /a port is missing; write wss:\/\/h:443, or/],
  ['tls://h:1/x', /tls has no path; leave it out: tls:\/\/h:1$/],
  [
    'rediss://h',
    /connrig run tls:\/\/h:6380; the scheme is one of tcp:\/\/, ws:\/\/, http:\/\/, tls:\/\/, wss:\/\/, https:\/\/, sse:\/\/, sses:\/\/, at a Unix socket tcp\+unix:\/\/, ws\+unix:\/\/, http\+unix:\/\/, sse\+unix:\/\/$/,
  ],
  ['quic://h:443', /quic goes over UDP, and only TCP is measured/],
  ['mqtts://h', /mqtts is a dialect: connrig run tls:\/\/h:8883 --dialect mqtt; the scheme is one of/],
  ['redis://h:7000/0', /redis is not spoken here.*: connrig run tcp:\/\/h:7000; the scheme is one of/],
  ['mqtt://h', /mqtt is a dialect: connrig run tcp:\/\/h:1883 --dialect mqtt; the scheme is one of/],
  ['grpc://h:50051', /tcp:\/\/h:50051; the scheme is one of/],
  ['ws://h:0', /port 0; ports go from 1 to 65535/],
  ['ws://h:65536', /ports go from 1 to 65535/],
  ['ws://h:9003-9001', /ranges upwards/],
  ['ws://h:9000-99999999999', /ports go from 1 to 65535/],
  ['tcp://h:80/path', /tcp has no path; leave it out: tcp:\/\/h:80$/],
];
for (const [text, why, shown = text] of BAD) {
  test(`${JSON.stringify(text)} is refused, and the sentence names it`, () => {
    const problem = parseTargetUrl(text);
    assert.equal(typeof problem, 'string');
    assert.match(problem as string, why);
    assert.ok((problem as string).startsWith(`"${shown}" is not a target URL: `), String(problem));
  });
}

test('what a query says is for the server alone', () => {
  const url = parseTargetUrl('ws://h:80/chat?token=s3cret&room=7');
  assert.ok(typeof url !== 'string');
  assert.deepEqual([url.path, url.text], ['/chat?token=s3cret&room=7', 'ws://h:80/chat?token=***&room=***']);
});

test('property: what is refused has a sentence of its own', () => {
  const pieces = fc.constantFrom('ws', 'tcp', '://', ':', '/', '?', '@', '[', ']', '::1', 'h', '80', '0', 'ü', '%');
  fc.assert(
    fc.property(
      fc.array(pieces).map((parts) => parts.join('')),
      (text) => {
        const problem = parseTargetUrl(text);
        if (typeof problem !== 'string') return;
        const [, sentence = ''] = /is not a target URL: ([\s\S]*)$/.exec(problem) ?? [];
        assert.ok(sentence.length > 10, problem);
      },
    ),
  );
});

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
