import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readEstablished } from './established.ts';
import { Missing } from './meter.ts';

const ROW =
  '   0: 0100007F:1F90 0100007F:8001 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1\n';

test('a list is read while it is short, whoever the sockets are of, and refused when it is long', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-list-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const paths = { tcp: join(folder, 'tcp'), tcp6: join(folder, 'none'), sockstat: join(folder, 'sockstat') };
  writeFileSync(paths.tcp, `  sl  local_address rem_address   st\n${ROW}`);
  const withSockets = (alloc: number, timeWait: number): Promise<unknown> => {
    writeFileSync(paths.sockstat, `TCP: inuse 1 orphan 0 tw ${timeWait} alloc ${alloc} mem 1\n`);
    return readEstablished([8080], paths).then(({ targetEnds }) => targetEnds);
  };
  assert.equal(await withSockets(200_000, 100_000), 1);
  await assert.rejects(
    withSockets(200_000, 100_001),
    (error) => error instanceof Missing && /has 300001 TCP sockets, too many to list/.test(error.message),
  );
  rmSync(paths.sockstat);
  assert.equal(await readEstablished([8080], paths).then(({ targetEnds }) => targetEnds), 1, 'unknown is no reason');
});
