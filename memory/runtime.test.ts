import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { SCHEMES } from '../core/protocols/schemes.ts';
import { askMeter } from './meter.ts';
import { openMeters } from './meter-set.ts';
import { readRuntime } from './runtime.ts';

const MEMORY = {
  schema: 1,
  collected: true,
  processes: [
    { pid: 7, rssBytes: 5e7, heapUsedBytes: 5e6, heapTotalBytes: 6e6, externalBytes: 1e6, arrayBuffersBytes: 1e4 },
  ],
  census: Object.fromEntries(
    SCHEMES.map((scheme) => [
      scheme,
      {
        accepted: 3,
        handshaking: 0,
        open: 3,
        closed: Object.fromEntries(
          'by-peer reset handshake-timeout bad-handshake tls-failed protocol-error too-large over-limit slow-reader shutdown'
            .split(' ')
            .map((reason) => [reason, 0]),
        ),
        bytesIn: 0,
        bytesOut: 0,
      },
    ]),
  ),
  live: { bytesPerConnection: null, idleRssBytes: null },
  certificate: null,
};

test('the runtime meter asks for a collection, checks the answer, and says what was wrong with it', async (t) => {
  const asked: string[] = [];
  const answers: Record<string, string | undefined> = { good: JSON.stringify(MEMORY), empty: '{}', garbage: '<html>' };
  let mode = 'good';
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const text = answers[mode];
    if (mode === 'silent') return;
    response.writeHead(text === undefined ? 500 : 200).end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  assert.deepEqual(await readRuntime(url, { gc: true }), MEMORY);
  await readRuntime(url);
  assert.deepEqual(asked, ['/memory?gc=1', '/memory']);
  const { tcp, ws } = MEMORY.census;
  const { 'slow-reader': _, 'tls-failed': __, ...closed } = tcp!.closed;
  const { certificate: ___, ...older } = MEMORY;
  answers['older'] = JSON.stringify({ ...older, census: { tcp: { ...tcp, closed }, ws } });
  mode = 'older';
  const { census, certificate } = await readRuntime(url);
  assert.deepEqual([census.tcp.open, census.ws.open, census.http.open], [3, 3, 0], 'a server that had no http yet');
  assert.deepEqual([census.wss.open, census.tcp.closed['tls-failed'], certificate], [0, 0, null], 'nor TLS');
  assert.equal(census.tcp.closed['slow-reader'], 0, 'nor ended slow readers');
  for (const [next, why] of [
    ['empty', /not a connrig server's memory: schema/],
    ['garbage', /not a connrig server's memory/],
    ['broken', /answered 500/],
    ['silent', /no answer within 100 ms/],
  ] as const) {
    mode = next;
    const answer = await askMeter(() => readRuntime(url, { timeoutMs: next === 'silent' ? 100 : 10_000 }));
    assert.match('missing' in answer ? answer.missing : 'an answer', why, next);
  }
});

test('a rehearsal asks often and collects nothing; where there is no answer, or nobody to ask, it is over at once', async (t) => {
  const asked: string[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status).end(JSON.stringify(MEMORY));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const adminUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const meters = openMeters({ pids: [], ports: [], clientPid: process.pid, adminUrl });
  await meters.rehearse();
  assert.deepEqual(asked, Array(100).fill('/memory'));
  status = 500;
  await meters.rehearse();
  assert.equal(asked.length, 101);
  await openMeters({ pids: [], ports: [], clientPid: process.pid }).rehearse();
});
