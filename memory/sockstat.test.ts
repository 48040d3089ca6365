import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { pageBytes, parseSockstat, readSockstat } from './sockstat.ts';

const V4 = `sockets: used 312
TCP: inuse 5 orphan 2 tw 7 alloc 11 mem 3
UDP: inuse 1 mem 0
`;
const V6 = 'TCP6: inuse 4\nUDP6: inuse 0\n';

describe('sockstat', () => {
  it('reads the TCP line, and adds sockets of both families', () => {
    assert.deepEqual(parseSockstat(V4, V6, 4096), {
      inUse: 9,
      orphans: 2,
      timeWait: 7,
      allocated: 11,
      bufferBytes: 3 * 4096,
    });
    assert.equal(parseSockstat(V4, '', 4096)?.inUse, 5);
    assert.equal(parseSockstat('sockets: used 1\n', '', 4096), undefined);
  });

  it('sees sockets of this machine', { skip: !existsSync('/proc/net/sockstat') }, async () => {
    const servers = Array.from({ length: 50 }, () => createServer().listen(0, '127.0.0.1'));
    await Promise.all(servers.map((server) => once(server, 'listening')));
    assert.ok((readSockstat()?.inUse ?? 0) >= 50);
    for (const server of servers) server.close();
    assert.ok([4096, 16_384, 65_536].includes(pageBytes()));
  });
});
