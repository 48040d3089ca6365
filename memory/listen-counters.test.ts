import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { parseListenCounters, readBacklog, readListenCounters } from './listen-counters.ts';

const NETSTAT = `TcpExt: SyncookiesSent SyncookiesRecv ListenOverflows ListenDrops TW TCPDeferAcceptDrop
TcpExt: 4 3 17 23 5 9
IpExt: InNoRoutes ListenDrops
IpExt: 1 99
`;

test('what listeners dropped is found by its names', () => {
  assert.deepEqual(parseListenCounters(NETSTAT), {
    ListenOverflows: 17,
    ListenDrops: 23,
    SyncookiesSent: 4,
    SyncookiesRecv: 3,
    SyncookiesFailed: 0,
    TCPDeferAcceptDrop: 9,
  });
  assert.equal(parseListenCounters(''), null);
  assert.equal(readListenCounters('/nowhere/netstat'), null);
});

test('a listener tells its backlog, at its address and at any', { skip: process.platform !== 'linux' }, async (t) => {
  const listen = async (host: string, backlog: number): Promise<number> => {
    const server = createServer().listen({ port: 0, host, backlog });
    t.after(() => server.close());
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const [ours, any] = [await listen('127.0.0.1', 7), await listen('0.0.0.0', 300)];
  assert.deepEqual(await readBacklog('127.0.0.1', [ours]), { most: 7, drops: 0 });
  assert.equal(await readBacklog('127.0.0.2', [ours]), null, 'somebody else may listen at another address');
  assert.equal((await readBacklog('127.0.0.2', [any]))?.most, 300);
  assert.equal((await readBacklog('127.0.0.1', [any, ours]))?.most, 7, 'the shortest of several');
});
