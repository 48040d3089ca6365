import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, it } from 'node:test';
import { parseSockstat, readSockstat } from './sockstat.ts';

const TEXT = `sockets: used 312
TCP: inuse 5 orphan 2 tw 7 alloc 11 mem 3
UDP: inuse 1 mem 0
`;

describe('sockstat', () => {
  it('reads the TCP line, pages as bytes', () => {
    assert.deepEqual(parseSockstat(TEXT, 4096), {
      tcpInUse: 5,
      tcpOrphan: 2,
      tcpTimeWait: 7,
      tcpAlloc: 11,
      tcpMemBytes: 3 * 4096,
    });
    assert.equal(parseSockstat('sockets: used 1\n', 4096), undefined);
  });

  it('sees sockets of this machine', { skip: !existsSync('/proc/net/sockstat') }, async () => {
    const servers = Array.from({ length: 50 }, () => createServer().listen(0, '127.0.0.1'));
    await Promise.all(servers.map((server) => once(server, 'listening')));
    assert.ok(((await readSockstat())?.tcpInUse ?? 0) >= 50);
    for (const server of servers) server.close();
  });
});
