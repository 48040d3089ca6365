import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { EndCounter } from './end-counter.ts';
import { fullest, readEstablished } from './established.ts';
import { Missing } from './meter.ts';
import { TcpTableParser } from './tcp-table.ts';

const ROW =
  '   0: 0100007F:1F90 0100007F:8001 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1\n';

test('a list is read while it is short, whoever the sockets are of, and refused when it is long', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-list-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const paths = { tcp: join(folder, 'tcp'), tcp6: join(folder, 'none'), sockstat: join(folder, 'sockstat') };
  writeFileSync(paths.tcp, `  sl  local_address rem_address   st\n${ROW}`);
  const withSockets = (alloc: number, timeWait: number): Promise<unknown> => {
    writeFileSync(paths.sockstat, `TCP: inuse 1 orphan 0 tw ${timeWait} alloc ${alloc} mem 1\n`);
    return readEstablished([8080], { paths }).then(({ targetEnds }) => targetEnds);
  };
  assert.equal(await withSockets(200_000, 100_000), 1);
  await assert.rejects(
    withSockets(200_000, 100_001),
    (error) => error instanceof Missing && /has 300001 TCP sockets, too many to list/.test(error.message),
  );
  rmSync(paths.sockstat);
  assert.equal(
    await readEstablished([8080], { paths }).then(({ targetEnds }) => targetEnds),
    1,
    'unknown is no reason',
  );
});

test('a list in which ends lack their other end is read again, and the fullest one counts', async () => {
  const none = new EndCounter([]).result(true);
  const read = async (...lists: Array<[targetEnds: number, clientEnds: number]>) => {
    const left = lists.map(([targetEnds, clientEnds]) => ({ ...none, targetEnds, clientEnds }));
    const { targetEnds, clientEnds } = await fullest(async () => left.shift()!);
    return { ends: [targetEnds, clientEnds], unread: left.length };
  };
  assert.deepEqual(await read([9, 9], [8, 8]), { ends: [9, 9], unread: 1 });
  assert.deepEqual(await read([9, 8], [7, 9], [9, 9], [9, 9]), { ends: [9, 9], unread: 1 });
  assert.deepEqual(await read([9, 7], [9, 8], [8, 8], [9, 9]), { ends: [9, 8], unread: 1 });
  assert.deepEqual(await read([9, 0], [10, 0]), { ends: [9, 0], unread: 1 }, 'one end is elsewhere');
});

test('ports that only TIME_WAIT holds are counted for the whole host, apart from those still in use', () => {
  const row = (local: string, remote: string, state: string): string =>
    `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1\n`;
  const counter = new EndCounter([0x1f90]);
  const lines = [
    row('0100007F:8001', '0100007F:1F90', '01'),
    // Left by the run before, to a port that nobody asks about: two of its three local ports are in use again.
    row('0100007F:8001', '0100007F:2222', '06'),
    row('0200007F:8001', '0100007F:2222', '06'),
    row('0100007F:8002', '0100007F:2222', '06'),
    row('0100007F:8002', '0300007F:2222', '06'),
    row('0100007F:8003', '0100007F:2222', '06'),
    row('0200007F:8003', '0100007F:3333', '02'),
    row('00000000:1F90', '00000000:0000', '0A'),
  ];
  new TcpTableParser(8, (socket) => counter.add(socket)).feed(Buffer.from(lines.join('')));
  const { clientEnds, timeWait, leftPorts, leftAddresses } = counter.result(true);
  assert.deepEqual({ clientEnds, timeWait }, { clientEnds: 1, timeWait: 0 });
  assert.equal(leftPorts, 1, 'only 8002 is in no other hands');
  assert.equal(leftAddresses, 3, '127.0.0.2:8001, 127.0.0.1:8002 and 127.0.0.1:8003');
});
