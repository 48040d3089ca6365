/** The codec at a broker that others wrote. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startMosquitto } from '../../../test/strangers/servers.ts';
import { withFleet } from '../../../test/support/fleet.ts';
import { needs } from '../../../test/support/needs.ts';
import { type OpeningWords, planOf } from '../../../test/support/opening-subject.ts';
import { HOST, unusedPort } from '../../../test/support/peers.ts';
import { eventually } from '../../../test/support/wait.ts';
import type { FleetOptions } from '../../fleet.ts';

const COUNT = 100;
const FAST = 1e6;
const OPTIONS = { timeout: 120_000, skip: needs('mosquitto') };
const IDENTITY: FleetOptions['identity'] = { rows: undefined, order: 'each', secrets: [] };

const steps = (version: 4 | 5, clientId: string): OpeningWords['steps'] => [
  { send: { mqtt: { connect: { version, clientId, keepAliveSeconds: 60 } } } },
  { expect: { mqtt: { connack: {} } } },
  { send: { mqtt: { subscribe: { topics: [{ topic: 'all/#' }, { topic: 'own/{n}' }] } } } },
  { expect: { mqtt: { suback: { codes: { 0: 0, 1: 0 } } } }, skip: true },
];
const PINGS: OpeningWords['rules'] = [{ every: 300, send: { mqtt: { pingreq: {} } } }];

for (const [name, version] of [
  ['tcp', 4],
  ['ws', 5],
] as const) {
  test(
    `Mosquitto over ${name}, level ${version}: pings are answered, and each has its own messages back`,
    OPTIONS,
    async (t) => {
      const wsPort = await unusedPort();
      const { port } = await startMosquitto(t, `listener ${wsPort} ${HOST}\nprotocol websockets\n`);
      const options = {
        protocol: { name, path: '/mqtt', hostHeader: HOST, subprotocols: ['mqtt'] },
        identity: IDENTITY,
        opening: planOf({ steps: steps(version, 'c-{n}')!, rules: PINGS! }),
        behaviour: { kind: 'echo', perSecond: 200, bytes: 64 },
      } as const;
      await withFleet(
        name,
        [{ ip: HOST, port: name === 'ws' ? wsPort : port }],
        options,
        async ({ fleet, until, troubles }) => {
          fleet.pursue(COUNT, FAST);
          const { bytesIn: before } = await until(({ open }) => open === COUNT, 'all are open');
          // Four pings of each are answered, by two bytes at the least.
          await until(({ bytesIn }) => bytesIn - before >= 4 * 2 * COUNT, 'pings are answered');
          fleet.setTalking(true);
          await until(({ replies }) => replies >= 300, 'messages are back');
          const order = fleet.setTalking(false);
          const end = await until((now) => now.pending === 0 && now.orderSeen >= order, 'all are back');
          assert.deepEqual([end.replies, end.fromOthers, end.failed, end.closed], [end.messages, 0, 0, 0]);
          assert.deepEqual(troubles, []);
        },
      );
    },
  );
}

test('a broker that refuses is understood', OPTIONS, async (t) => {
  const { port } = await startMosquitto(t);
  // MQTT 3.1.1, section 3.1.3.1: who has no id can't have a session that lasts.
  const connect = { connect: { clientId: '', cleanStart: false } };
  const opening = planOf({ steps: [{ send: { mqtt: connect } }, { expect: { mqtt: { connack: {} } } }] });
  await withFleet('tcp', [{ ip: HOST, port }], { identity: IDENTITY, opening }, async ({ fleet, until, troubles }) => {
    fleet.pursue(1, FAST);
    await until(({ outcomes }) => outcomes['opening-refused'] >= 1, 'it is refused');
    await eventually(() => troubles.length > 0, 'the trouble');
    assert.equal(
      troubles[0]?.detail,
      'step 2 of 2 expects {"mqtt":{"connack":{}}}: the server said CONNACK 2, client id rejected',
    );
  });
});
