import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HISTOGRAM_BUCKETS, recordMs, toSparse } from '../core/stats/histogram.ts';
import { createTelemetry } from './registry.ts';

/** What `collect` recorded: without what every registry adds. */
const samplesIn = (text: string): string[] =>
  text.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('connrig_scrape'));

describe('telemetry', () => {
  it('shows what collect records, anew at each scrape', async () => {
    let open = 3;
    let accepted = 10;
    const telemetry = createTelemetry(['serverOpen', 'serverAccepted'], (record) => {
      record('serverOpen', open, { protocol: 'ws' });
      record('serverAccepted', accepted, { protocol: 'ws' });
    });
    assert.deepEqual(samplesIn(await telemetry.render()), [
      'connrig_server_connections_open{protocol="ws"} 3',
      'connrig_server_connections_accepted_total{protocol="ws"} 10',
    ]);
    open = 1;
    accepted = 12;
    assert.deepEqual(samplesIn(await telemetry.render()), [
      'connrig_server_connections_open{protocol="ws"} 1',
      'connrig_server_connections_accepted_total{protocol="ws"} 12',
    ]);
    assert.match(telemetry.contentType, /^text\/plain; version=0\.0\.4/);
  });

  it('leaves out what is not known', async () => {
    let bytes: number | undefined = 5;
    const telemetry = createTelemetry(['hostTcpBuffers'], (record) => record('hostTcpBuffers', bytes));
    assert.deepEqual(samplesIn(await telemetry.render()), ['connrig_host_tcp_buffer_memory_bytes 5']);
    bytes = undefined;
    assert.deepEqual(samplesIn(await telemetry.render()), []);
    bytes = 0;
    assert.deepEqual(samplesIn(await telemetry.render()), ['connrig_host_tcp_buffer_memory_bytes 0']);
  });

  it('forgets what is not recorded any more', async () => {
    let protocol: 'tcp' | 'ws' = 'tcp';
    const telemetry = createTelemetry(['connectionsOpen', 'openDuration'], (record) => {
      record('connectionsOpen', 1, { protocol, leg: protocol });
      record('openDuration', [], { protocol, leg: protocol });
    });
    await telemetry.render();
    protocol = 'ws';
    const text = await telemetry.render();
    assert.match(text, /open\{protocol="ws",leg="ws"\} 1$/m);
    assert.doesNotMatch(text, /protocol="tcp"/);
  });

  it('sets histograms to what was counted, and never resets them', async () => {
    const counts = new Uint32Array(HISTOGRAM_BUCKETS);
    const telemetry = createTelemetry(['scheduleLag'], (record) =>
      record('scheduleLag', toSparse(counts), { protocol: 'ws', leg: 'ws-2' }),
    );
    for (const ms of [0, 0.5, 2, 17, 17, 300_000]) recordMs(counts, ms);
    const wanted = [
      ...[2, 3, 3, 5, 5, 5, 5, 5].map((below, i) => [
        `_bucket{protocol="ws",leg="ws-2",le="${[0.001, 0.004, 0.016, 0.064, 0.256, 1.024, 8.192, 65.536][i]}"}`,
        below,
      ]),
      ['_bucket{protocol="ws",leg="ws-2",le="+Inf"}', 6],
      ['_count{protocol="ws",leg="ws-2"}', 6],
    ].map(([rest, value]) => `connrig_schedule_lag_seconds${rest} ${value}`);
    const isSum = (line: string): boolean => line.includes('_sum');
    for (let time = 0; time < 2; time++) {
      const samples = samplesIn(await telemetry.render());
      assert.deepEqual(
        samples.filter((line) => !isSum(line)),
        wanted,
      );
      const sum = Number(samples.find(isSum)?.split(' ')[1]);
      assert.ok(Math.abs(sum / 300.0365 - 1) < 0.008, String(sum));
    }
    assert.match(await telemetry.render(), /^# TYPE connrig_schedule_lag_seconds histogram$/m);
    recordMs(counts, 3);
    assert.match(await telemetry.render(), /_bucket\{protocol="ws",leg="ws-2",le="0.004"\} 4$/m);
  });

  it('gives each of several scrapers at once what belongs together', async () => {
    let round = 0;
    const telemetry = createTelemetry(['serverOpen', 'serverAccepted'], async (record) => {
      const mine = ++round;
      record('serverOpen', mine, { protocol: 'ws' });
      await new Promise((resolve) => setTimeout(resolve, mine === 1 ? 20 : 0));
      record('serverAccepted', mine, { protocol: 'ws' });
    });
    const texts = await Promise.all([telemetry.render(), telemetry.render(), telemetry.render()]);
    const values = texts.map((text) => samplesIn(text).map((line) => Number(line.split(' ')[1])));
    assert.deepEqual(values, [
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('tells what being asked costs', async () => {
    const telemetry = createTelemetry([], () => new Promise((resolve) => setTimeout(resolve, 20)));
    assert.match(await telemetry.render(), /^connrig_scrapes_total 0$/m);
    await telemetry.render();
    const text = await telemetry.render();
    assert.match(text, /^connrig_scrapes_total 2$/m);
    const seconds = Number(/^connrig_scrape_duration_seconds_total (\S+)$/m.exec(text)?.[1]);
    assert.ok(seconds > 0.03 && seconds < 20, String(seconds));
  });

  it('takes only rows of the catalogue with their labels', () => {
    createTelemetry(['serverOpen', 'processRss', 'openDuration'], (record) => {
      record('processRss', 1);
      // @ts-expect-error a misspelt label
      record('serverOpen', 1, { protokoll: 'ws' });
      // @ts-expect-error a value outside the closed list
      record('serverOpen', 1, { protocol: 'quic' });
      // @ts-expect-error no label at all
      record('serverOpen', 1);
      // @ts-expect-error a histogram is no number
      record('openDuration', 1, { protocol: 'ws', leg: 'ws' });
      // @ts-expect-error a row that isn't exposed here
      record('heapUsed', 1);
    });
  });
});
