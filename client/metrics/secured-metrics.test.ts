import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMeters } from '../../memory/meter-set.ts';
import { withFleet } from '../../test/support/fleet.ts';
import { startLocal } from '../../test/support/local-server.ts';
import { samplesIn } from '../../test/support/scrape.ts';
import { securedLeg } from '../../test/support/secured-run.ts';
import { leg, runFile } from '../../test/support/synthetic-run.ts';
import { securedFor } from '../../test/tls/held.ts';
import { createRunMetrics } from './run-metrics.ts';

const TIMEOUT = { timeout: 120_000 };

test(
  'over TLS: stages, handshakes, objects and bytes on the wire, apart from a plain leg of the same protocol',
  TIMEOUT,
  async (t) => {
    const metrics = createRunMetrics('1.2.3', {
      cost: () => null,
      doings: () => ({ churn: null, soak: null, storm: null, slow: null, vanish: null, broadcast: null }),
    });
    t.after(() => metrics.close());
    const { observer } = metrics;
    const scrape = async (): Promise<Map<string, number>> => samplesIn(await metrics.telemetry.render());
    const config = { behaviour: { kind: 'idle' } };
    const plan = { legs: [leg(), securedLeg()], launches: 1 };
    observer.runFile(runFile({ status: 'running', finishedAt: null, exitCode: null, config, plan }));
    const { server, ports } = await startLocal();
    t.after(() => server.close());
    const holding = async (index: 0 | 1, connections: number, look: () => Promise<void>): Promise<void> => {
      const scheme = index === 0 ? 'ws' : 'wss';
      const options = securedFor(server.ready.caCert!);
      const securing = { by: 'openssl', options } as const;
      const at = [{ ip: '127.0.0.1', port: ports[scheme] }];
      const layout = { engine: 'epoll' } as const;
      await withFleet('ws', at, scheme === 'ws' ? {} : { layout, securing }, async ({ fleet, until }) => {
        const meters = openMeters({ pids: [process.pid], ports: [], clientPid: process.ppid });
        const state = () => ({ phase: 'ramp', level: connections }) as const;
        observer.legStarted?.({ launch: 0, leg: index, name: scheme, protocol: 'ws', fleet, meters, state });
        fleet.pursue(connections, 5000);
        await until(({ open, opening }) => open === connections && opening === 0, 'all open');
        await look();
        await fleet.stop();
        observer.legEnded?.();
      });
    };
    const of =
      (samples: Map<string, number>, leg: string) =>
      (name: string, more = '') =>
        samples.get(`connrig_${name}{protocol="ws",leg="${leg}"${more}}`);
    await holding(0, 30, async () => {
      const ws = of(await scrape(), 'ws');
      for (const stage of ['connecting', 'handshaking']) {
        assert.equal(ws('open_stage_duration_seconds_count', `,stage="${stage}"`), 30, stage);
      }
      assert.equal(ws('open_stage_duration_seconds_count', ',stage="securing"'), undefined);
      assert.equal(ws('wire_received_bytes_total'), ws('received_bytes_total'));
      assert.equal(ws('wire_sent_bytes_total'), ws('sent_bytes_total'));
      assert.equal(ws('tls_handshakes_total', ',kind="full"'), undefined);
      assert.equal(ws('generator_tls_objects', ',use="kept"'), undefined);
    });
    await holding(1, 20, async () => {
      const samples = await scrape();
      const [ws, wss] = [of(samples, 'ws'), of(samples, 'wss')];
      for (const stage of ['connecting', 'securing', 'handshaking']) {
        assert.equal(wss('open_stage_duration_seconds_count', `,stage="${stage}"`), 20, stage);
      }
      assert.ok(wss('open_stage_duration_seconds_sum', ',stage="securing"')! > 0);
      assert.equal(ws('open_stage_duration_seconds_count', ',stage="connecting"'), 30);
      const handshakes = ['full', 'resumed'].map((kind) => wss('tls_handshakes_total', `,kind="${kind}"`));
      const objects = ['handshake', 'kept'].map((use) => wss('generator_tls_objects', `,use="${use}"`));
      assert.deepEqual(
        [handshakes, objects],
        [
          [20, 0],
          [0, 0],
        ],
      );
      // A certificate and the records of a handshake come with each, and a hello with its keys goes.
      assert.ok(wss('wire_received_bytes_total')! - wss('received_bytes_total')! > 20 * 500);
      assert.ok(wss('wire_sent_bytes_total')! - wss('sent_bytes_total')! > 20 * 200);
    });
    const after = of(await scrape(), 'wss');
    assert.deepEqual(
      [after('tls_handshakes_total', ',kind="full"'), after('generator_tls_objects', ',use="handshake"')],
      [20, 0],
    );
  },
);
