import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findRunProblem } from '../test/support/run-problem.ts';
import { parseRunConfig } from './run-config.ts';

test('a leg over TLS is called by its scheme, verifies, resumes nothing and opens at a pace of its own', () => {
  const { plan } = parseRunConfig({ urls: ['ws://h:1', 'wss://h:2/x', 'wss://h:3', 'https://h:4'] });
  assert.deepEqual(
    plan.legs.map(({ name, protocol, transport, connectsPerSecond }) => [name, protocol, transport, connectsPerSecond]),
    [
      ['ws', 'ws', 'plain', 2000],
      ['wss', 'ws', 'tls', 500],
      ['wss-2', 'ws', 'tls', 500],
      ['https', 'http', 'tls', 500],
    ],
  );
  assert.equal(plan.legs[0]!.tls, null);
  assert.deepEqual(plan.legs[1]!.tls, {
    verify: true,
    servername: null,
    versions: ['1.2', '1.3'],
    ciphers: null,
    groups: null,
    alpn: [],
    resume: false,
    hasOwnCertificate: false,
  });
});

test('what is asked for of TLS stands in the leg', () => {
  const { plan } = parseRunConfig({
    protocol: 'tls',
    insecure: true,
    servername: 'a.example',
    tls: '1.2',
    alpn: 'h2,http/1.1',
    'tls-ciphers': 'ECDHE-ECDSA-AES128-GCM-SHA256',
    'tls-groups': 'P-256:P-384',
    resume: 'on',
  });
  assert.deepEqual(plan.legs[0]!.tls, {
    verify: false,
    servername: 'a.example',
    versions: ['1.2'],
    ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    groups: 'P-256:P-384',
    alpn: ['h2', 'http/1.1'],
    resume: true,
    hasOwnCertificate: false,
  });
});

const PROBLEMS: ReadonlyArray<[settings: Record<string, unknown>, says: RegExp]> = [
  [{ urls: 'ws://h:1', insecure: true }, /--insecure: no connection of this run is over TLS; give wss in place of ws$/],
  [{ protocol: 'tcp,ws', ca: 'x.pem', resume: 'on' }, /--ca, --resume: .*give tls, wss in place of tcp, ws$/],
  [{ urls: 'wss://h:1', ca: '/nonexistent.pem' }, /--ca: \/nonexistent\.pem /],
  [{ urls: 'wss://h:1', cert: 'a.pem' }, /--cert: its private key is missing; --key/],
  [{ urls: 'wss://h:1', key: 'a.pem' }, /--key: the certificate that it belongs to is missing; --cert/],
  [{ urls: 'wss://h:1', tls: '1.1' }, /--tls: "1\.1" is not one of 1\.2, 1\.3/],
  [{ urls: 'wss://h:1', servername: 'a b' }, /--servername: "a b" is no host name/],
  [{ urls: 'wss://h:1', tls: '1.2', 'tls-ciphers': 'TLS_AES_128_GCM_SHA256' }, /no suite of TLS 1\.2 is in it/],
  [{ urls: 'wss://h:1', tls: '1.3', 'tls-ciphers': 'ECDHE-RSA-AES128-SHA' }, /no suite of TLS 1\.3 is in it/],
];
for (const [settings, says] of PROBLEMS) {
  test(`${JSON.stringify(settings)} is refused`, () => assert.match(findRunProblem(settings), says));
}
