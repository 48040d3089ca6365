import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTelemetry } from './registry.ts';

const samplesIn = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

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

  it('takes only rows of the catalogue with their labels', () => {
    createTelemetry(['serverOpen', 'processRss'], (record) => {
      record('processRss', 1);
      // @ts-expect-error a misspelt label
      record('serverOpen', 1, { protokoll: 'ws' });
      // @ts-expect-error a value outside the closed list
      record('serverOpen', 1, { protocol: 'quic' });
      // @ts-expect-error no label at all
      record('serverOpen', 1);
      // @ts-expect-error a row that isn't exposed here
      record('heapUsed', 1);
    });
  });
});
