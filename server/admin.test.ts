import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { METRICS } from '../core/metrics/catalogue.ts';
import { TopConnections } from '../core/schemas/admin.ts';
import { openManyWs } from '../scripts/bench/peers.ts';
import { connectRaw, frame, provoke } from '../test/support/rude-peers.ts';
import { findUnrecorded, samplesIn } from '../test/support/scrape.ts';
import { type ServeProcess, startServe } from '../test/support/serve-process.ts';
import { eventually } from '../test/support/wait.ts';
import { SERVER_KEYS } from './metrics.ts';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

describe('the admin port', () => {
  let server: ServeProcess;
  before(async () => {
    server = await startServe();
  });
  after(() => server.stop());
  const adminPort = (): number => Number(new URL(server.ready.admin).port);
  const get = (path: string, method = 'GET'): Promise<Response> => fetch(server.ready.admin + path, { method });

  it('exposes every row of the catalogue with values that follow events', async () => {
    const sockets = await openManyWs(server.ports.ws, 3);
    const tcp = await connectRaw(server.ports.tcp);
    tcp.write('12345');
    await once(tcp, 'data');
    sockets[0]?.write(frame(1, Buffer.from('12')));
    await once(sockets[0]!, 'data');
    const half = await connectRaw(server.ports.ws);
    await provoke(server.ports.ws, 'rubbish\r\n\r\n');
    await eventually(async () => (await server.memory()).census.ws.handshaking === 1, 'one handshake left');
    await server.memory(true);
    const text = await (await get('/metrics')).text();
    const samples = samplesIn(text);
    const sampleValue = (sample: string): number => samples.get(sample) ?? Number.NaN;
    const exact: ReadonlyArray<readonly [sample: string, value: number]> = [
      ['connrig_server_connections_accepted_total{protocol="ws"}', 5],
      ['connrig_server_connections_accepted_total{protocol="tcp"}', 1],
      ['connrig_server_connections_handshaking{protocol="ws"}', 1],
      ['connrig_server_connections_open{protocol="ws"}', 3],
      ['connrig_server_connections_open{protocol="tcp"}', 1],
      ['connrig_server_connections_closed_total{protocol="ws",reason="bad-handshake"}', 1],
      ['connrig_server_connections_closed_total{protocol="ws",reason="reset"}', 0],
      ['connrig_server_received_bytes_total{protocol="ws"}', 2],
      ['connrig_server_received_bytes_total{protocol="tcp"}', 5],
      ['connrig_server_sent_bytes_total{protocol="ws"}', 2],
      ['connrig_server_sent_bytes_total{protocol="tcp"}', 5],
      ['connrig_server_processes', 1],
      [`connrig_info{role="serve",version="${version}"}`, 1],
      ['connrig_scrapes_total', 0],
    ];
    for (const [sample, value] of exact) assert.equal(sampleValue(sample), value, sample);
    const atLeast: ReadonlyArray<readonly [sample: string, value: number]> = [
      ['connrig_server_connections_limit', 100],
      ['connrig_server_idle_resident_memory_bytes', 20e6],
      ['connrig_host_tcp_sockets{state="inuse"}', 5],
      ['connrig_host_tcp_sockets{state="alloc"}', 5],
      ['connrig_host_tcp_sockets{state="orphan"}', 0],
      ['connrig_host_tcp_sockets{state="time-wait"}', 0],
      ['connrig_host_tcp_buffer_memory_bytes', 0],
      ['process_resident_memory_bytes', 20e6],
      ['process_cpu_seconds_total', 0.01],
      ['process_open_fds', 10],
      ['process_max_fds', 100],
      ['process_start_time_seconds', Date.now() / 1000 - 600],
      ['nodejs_heap_size_used_bytes', 1e6],
      ['nodejs_heap_size_total_bytes', 1e6],
      ['nodejs_external_memory_bytes', 1],
      ['connrig_target_memory_bytes{component="anon"}', 5e6],
      ['connrig_target_memory_bytes{component="rss"}', 20e6],
      ['connrig_target_ledger_bytes{component="heapUsed"}', 1e6],
      ['connrig_target_ledger_bytes{component="external"}', 1],
      ['connrig_target_ledger_bytes{component="userOther"}', 1e6],
      ['connrig_host_tcp_buffer_memory_limit_bytes{threshold="high"}', 1e6],
      ['connrig_host_listen_overflows_total', 0],
      ['connrig_host_listen_drops_total', 0],
      ['connrig_host_memory_bytes{part="available"}', 1e6],
      ['connrig_gc_runs_total{kind="major"}', 2],
      ['connrig_gc_seconds_total{kind="major"}', 0.001],
      ['connrig_event_loop_active_seconds_total', 0.01],
    ];
    for (const [sample, value] of atLeast)
      assert.ok(sampleValue(sample) >= value, `${sample} is ${sampleValue(sample)}`);
    assert.ok(Number.isFinite(sampleValue('connrig_server_memory_per_connection_bytes')));
    const parts = ['heapUsed', 'external', 'userOther'].map((component) =>
      sampleValue(`connrig_target_ledger_bytes{component="${component}"}`),
    );
    const sum = parts.reduce((total, bytes) => total + bytes, 0);
    assert.equal(sum, sampleValue('connrig_target_memory_bytes{component="anon"}'));
    for (const key of SERVER_KEYS) assert.ok(text.includes(`# TYPE ${METRICS[key].name} ${METRICS[key].kind}\n`), key);
    assert.deepEqual(findUnrecorded(SERVER_KEYS, samples), []);
    assert.ok(samples.size < 300, `${samples.size} series`);
    for (const socket of [...sockets, tcp, half]) socket.destroy();
    await eventually(async () => (await server.memory()).census.ws.open === 0, 'closed');
    assert.equal(await server.metric('connrig_server_connections_closed_total{protocol="ws",reason="by-peer"}'), 4);
    assert.equal(await server.metric('connrig_server_memory_per_connection_bytes'), undefined);
  });

  it('keeps counting, however often and by whoever it is asked', async () => {
    const count = async (): Promise<[delays: number, scrapes: number]> => {
      const samples = samplesIn(await (await get('/metrics')).text());
      return [samples.get('connrig_event_loop_delay_seconds_count')!, samples.get('connrig_scrapes_total')!];
    };
    const [delays, scrapes] = await count();
    const both = await Promise.all([count(), count()]);
    for (const [more] of both) assert.ok(more >= delays);
    await eventually(async () => (await count())[0] > delays + 5, 'more looks');
    // Both at once may have had the same page.
    assert.ok((await count())[1] >= scrapes + 3);
  });

  it('says what memory it uses, with a collection when asked', async () => {
    const sockets = await openManyWs(server.ports.ws, 500);
    const before = await server.memory();
    const after = await server.memory(true);
    assert.deepEqual([before.collected, after.collected], [false, true]);
    assert.equal(after.processes.length, 1);
    assert.equal(after.processes[0]?.pid, server.child.pid);
    assert.equal(after.census.ws.open, 500);
    assert.ok(after.processes[0]!.heapUsedBytes < before.processes[0]!.heapUsedBytes);
    assert.ok((after.live.idleRssBytes ?? 0) > 20e6);
    assert.equal(typeof after.live.bytesPerConnection, 'number');
    for (const socket of sockets) socket.destroy();
    await eventually(async () => (await server.memory()).census.ws.open === 0, 'closed');
    assert.equal((await server.memory()).live.bytesPerConnection, null);
  });

  it('forces few collections for a burst of those who want one, and none for who has left', async () => {
    const collections = async (): Promise<number> =>
      samplesIn(await (await get('/metrics')).text()).get('connrig_gc_runs_total{kind="major"}')!;
    const start = await collections();
    await server.memory(true);
    const before = await eventually(async () => {
      const count = await collections();
      return count > start && count;
    }, 'one is counted');
    const asking = 'GET /memory?gc=1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(8);
    // As so many people: each may ask 200 times.
    const askers = await Promise.all(Array.from({ length: 28 }, (_, i) => connectRaw(adminPort(), `127.0.0.${i + 2}`)));
    const told = askers.map(() => '');
    for (const [i, socket] of askers.entries()) {
      socket.on('data', (piece: Buffer) => {
        told[i] += piece.toString('latin1');
      });
      socket.write(asking);
    }
    for (const socket of askers.splice(4)) socket.destroy();
    const answers = (text: string): number => text.match(/^HTTP\/1\.1 200 /gm)?.length ?? 0;
    await eventually(() => told.slice(0, 4).every((text) => answers(text) === 8), 'who stayed is answered');
    for (const socket of askers) socket.destroy();
    // Each collection is two rounds, each of a few runs until nothing more is freed.
    const runs = (await collections()) - before;
    assert.ok(runs <= 3 * 2 * 10, `${runs} runs for 224 questions`);
    assert.equal((await get('/healthz')).status, 200);
  });

  it('lists at most as many connections as asked for', async () => {
    const sockets = await openManyWs(server.ports.ws, 30);
    const listed = async (query: string): Promise<number> =>
      TopConnections.parse(await (await get(`/connections${query}`)).json()).connections.length;
    assert.deepEqual([await listed(''), await listed('?top=7'), await listed('?top=1000')], [20, 7, 30]);
    for (const socket of sockets) socket.destroy();
  });

  it('is clear about what it does not know', async () => {
    assert.deepEqual([(await get('/healthz')).status, await (await get('/healthz')).text()], [200, 'ok\n']);
    assert.equal((await get('/healthz', 'HEAD')).status, 200);
    assert.match((await get('/')).headers.get('content-type') ?? '', /^text\/html/);
    assert.match(await (await get('/nowhere')).text(), /^there is no \/nowhere here; there is \/healthz, /);
    const post = await get('/metrics', 'POST');
    assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
    for (const query of ['0', '-1', 'x', '1001', '1.5', '']) {
      const answer = await get(`/connections?top=${query}`);
      assert.equal(answer.status, 400, query);
      assert.match(await answer.text(), /^top is a whole number from 1 to 1000/);
    }
    assert.equal((await get('/memory?gc=yes')).status, 400);
    assert.equal(await (await get('/memory?collect=1')).text(), 'unknown parameter collect; known: gc\n');
  });
});
