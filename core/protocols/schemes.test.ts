import assert from 'node:assert/strict';
import { test } from 'node:test';
import { familyOf, overTransport, SCHEMES, toCarried, toScheme } from './schemes.ts';

test('a URL over another transport keeps all but its scheme; what is no URL of ours stays as it is', () => {
  const over: ReadonlyArray<[url: string, tls: string, plain: string]> = [
    ['ws://h:1/a?b=c', 'wss://h:1/a?b=c', 'ws://h:1/a?b=c'],
    ['HTTPS://[::1]:2', 'https://[::1]:2', 'http://[::1]:2'],
    ['tcp://h:1-9', 'tls://h:1-9', 'tcp://h:1-9'],
    ['redis://h:1', 'redis://h:1', 'redis://h:1'],
    ['', '', ''],
    // There is none over TLS.
    ['ws+unix:///run/a.sock:/b', 'ws+unix:///run/a.sock:/b', 'ws+unix:///run/a.sock:/b'],
  ];
  for (const [url, tls, plain] of over) {
    assert.deepEqual([overTransport(url, 'tls'), overTransport(url, 'plain')], [tls, plain]);
  }
});

test('a scheme is a protocol over a transport in a family, and each of them one scheme', () => {
  for (const scheme of SCHEMES) {
    const { protocol, transport } = toCarried(scheme);
    assert.equal(toScheme(protocol, transport, familyOf(scheme)), scheme);
    assert.equal(familyOf(scheme), scheme.endsWith('+unix') ? 'unix' : 'inet');
  }
});
