import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { processTree, readingsAt } from '../test/support/readings.ts';
import { type ExporterSource, openExporter, parseExporter } from './exporter.ts';
import { Missing } from './meter.ts';
import { openMeters } from './meter-set.ts';

/** An endpoint that answers each path with what stands there, and notes what it was asked. */
async function startEndpoint(t: TestContext, answers: Record<string, string>) {
  const asked: string[] = [];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const text = answers[url];
    response.writeHead(text === undefined ? 404 : 200).end(text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, answers };
}

const source = (text: string): ExporterSource => {
  const parsed = parseExporter(text);
  assert.ok(typeof parsed !== 'string', String(parsed));
  return parsed;
};

test('an exporter is a URL, and a metric after its #', () => {
  assert.equal(source('http://h:9465').url, 'http://h:9465/metrics');
  assert.equal(source('https://h/federate?x=1').url, 'https://h/federate?x=1');
  const { url, selector, text } = source('http://h:1/m#rss_bytes{job="a#b"}');
  assert.deepEqual([url, selector?.name, selector?.labels.get('job')], ['http://h:1/m', 'rss_bytes', 'a#b']);
  assert.equal(text, 'http://h:1/m#rss_bytes{job="a#b"}');
  for (const bad of ['h:9465', 'ftp://h/', '', 'http://']) assert.match(String(parseExporter(bad)), /not the URL/, bad);
  assert.match(String(parseExporter('http://h#9lives')), /^"9lives" is not a metric/);
});

const RSS = 'process_resident_memory_bytes 5000\n';
const CONTAINER = 'container_memory_working_set_bytes{container="a"} 700\n';

test('the process counts before its container; a metric that is named counts before both', async (t) => {
  const { base, answers } = await startEndpoint(t, { '/metrics': `${CONTAINER}${RSS}own_bytes 3\n` });
  const read = async (metric = '') => (await openExporter(source(`${base}${metric}`))()).exporter;
  assert.deepEqual(await read(), { metric: 'process_resident_memory_bytes', bytes: 5000 });
  assert.deepEqual(await read('#own_bytes'), { metric: 'own_bytes', bytes: 3 });
  answers['/metrics'] = CONTAINER;
  assert.deepEqual(await read(), { metric: 'container_memory_working_set_bytes', bytes: 700 });
});

test('an endpoint that says nothing about memory is missing, with the reason', async (t) => {
  const { base } = await startEndpoint(t, { '/metrics': 'up 1\n' });
  const refused = (text: string, why: RegExp) =>
    assert.rejects(openExporter(source(text))(), (error) => error instanceof Missing && why.test(error.message));
  await refused(base, /has no process_resident_memory_bytes, container_memory_working_set_bytes/);
  await refused(`${base}#own_bytes`, /has no own_bytes$/);
  await refused(`${base}/else`, /answered 404/);
  await refused('http://127.0.0.1:1', /ECONNREFUSED/);
});

test('connrig meter tells everything: asked for its metrics once, then for its readings', async (t) => {
  const there = readingsAt(100, 7e6, { missing: [{ meter: 'slab', why: 'for root only' }], slab: null });
  const { base, asked, answers } = await startEndpoint(t, {
    '/metrics': `connrig_meter_info 1\n${RSS}`,
    '/readings': JSON.stringify(there),
  });
  const read = openExporter(source(base));
  const { exporter, target, remote, missing } = await read();
  await read();
  assert.deepEqual(asked, ['/metrics', '/readings', '/readings']);
  assert.deepEqual(exporter, { metric: 'connrig_target_memory_bytes', bytes: 7e6 });
  assert.deepEqual(target, there.target);
  const ends = { accepted: 100, queued: 0, requests: 0 };
  assert.deepEqual(remote, { slab: null, sockstat: there.sockstat, host: there.host, ends });
  assert.deepEqual(missing, [{ meter: 'slab', why: `at ${new URL(base).host}: for root only` }]);
  const queue = { sockets: 100, bytes: 100, truesizeBytes: 83_300 };
  const targetQueues = { received: queue, written: queue, reservedBytes: 409_600 };
  const told = (established: Partial<NonNullable<typeof there.established>>): string =>
    JSON.stringify({ ...there, established: { ...there.established, targetQueues, ...established } });
  answers['/readings?ports=80%2C81'] = told({});
  assert.deepEqual((await read([80, 81])).remote?.queues, targetQueues);
  answers['/readings?ports=80%2C81'] = told({ queuedEnds: 10 });
  assert.equal((await read([80, 81])).remote?.ends?.accepted, 90, 'those that wait have no process yet');
  answers['/readings?ports=80%2C81'] = told({ targetEnds: 0 });
  assert.equal((await read([80, 81])).remote?.queues, undefined, 'the ports have other numbers there');
  const one = await openExporter(source(`${base}#process_resident_memory_bytes`))();
  assert.deepEqual([one.exporter?.bytes, one.target], [5000, null]);
});

test('a meter set takes the target from connrig meter, and its kernel only from another machine', async (t) => {
  const there = readingsAt(100, 7e6, { target: processTree(7e6, { pids: [99_999_999] }) });
  const { base, answers } = await startEndpoint(t, {
    '/metrics': 'connrig_meter_info 1\n',
    '/readings': JSON.stringify(there),
  });
  const options = { pids: [], ports: [], clientPid: process.pid, exporter: source(base) };
  const far = await openMeters({ ...options, targetIsElsewhere: true }).read();
  assert.deepEqual([far.target, far.remote?.host], [there.target, there.host]);
  assert.notDeepEqual(far.host, there.host);
  const near = openMeters(options);
  const { target, remote } = await near.read();
  assert.deepEqual([target, remote], [there.target, null]);
  const mine = await openMeters({ ...options, pids: [process.pid] }).read();
  assert.deepEqual(mine.target?.pids.includes(process.pid), true, 'what is read here counts first');
  answers['/readings'] = '{}';
  const broken = await near.read();
  assert.deepEqual([broken.target, broken.exporter], [null, null]);
  assert.match(broken.missing.find(({ meter }) => meter === 'exporter')?.why ?? '', /not what a connrig meter/);
});
