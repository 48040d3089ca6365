import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OpeningPlan } from '../core/opening/plan.ts';
import type { Template } from '../core/opening/template.ts';
import { RigError } from '../core/values/errors.ts';
import { dialectNames, loadDialect } from './dialects.ts';
import type { LegOpening } from './opening/opening-shapes.ts';
import { readOpenings } from './opening/read-openings.ts';
import type { RawSettings } from './read-options.ts';
import { parseRunConfig } from './run-config.ts';

async function openedBy(url: string, dialect: string, settings = '', more: RawSettings = {}): Promise<LegOpening> {
  const set = settings === '' ? {} : { 'dialect-set': settings };
  const config = parseRunConfig({ connections: '2', levels: '2', urls: [url], dialect, ...set, ...more }, {}, []);
  return (await readOpenings(config, {}, 'run')).openings[0]!;
}

const said = (template: Template | undefined): string =>
  (template?.parts ?? [])
    .map((part) => {
      if (part instanceof Uint8Array) return Buffer.from(part).toString('latin1');
      return part.kind === 'taken' ? `<${part.name}>` : `<${part.kind}>`;
    })
    .join('');

const sent = ({ plan }: LegOpening): string[] =>
  [...plan!.steps, ...plan!.rules].flatMap((one) => {
    const message = 'message' in one ? one.message : 'send' in one ? one.send : undefined;
    return message && 'bytes' in message ? [said(message.bytes)] : [];
  });

const everyMs = ({ rules }: OpeningPlan): number[] =>
  rules.flatMap((rule) => ('everyMs' in rule ? [rule.everyMs] : []));

for (const name of dialectNames()) {
  for (const scheme of loadDialect(name).protocols) {
    test(`${name} is ready for use over ${scheme}`, async () => {
      const { recorded } = await openedBy(`${scheme}://h:1`, name);
      assert.equal(recorded?.dialect, name);
    });
  }
}

test('paths and queries are those of the field where the URL names none, and are put to its own', async () => {
  const paths = async (url: string, dialect: string): Promise<string> =>
    said((await openedBy(url, dialect)).words?.path);
  assert.equal(await paths('ws://h:1', 'socketio'), '/socket.io/?EIO=4&transport=websocket');
  assert.equal(await paths('ws://h:1/?token=a', 'socketio'), '/socket.io/?token=a&EIO=4&transport=websocket');
  assert.equal(await paths('ws://h:1/my/?EIO=3', 'socketio'), '/my/?EIO=3&transport=websocket');
  assert.equal(await paths('ws://h:1/live/websocket', 'phoenix'), '/live/websocket?vsn=2.0.0');
  assert.equal(await paths('wss://h:1/echo/', 'sockjs'), '/echo/websocket');
  assert.equal(await paths('ws://h:1/hub?access_token=a', 'signalr'), '/hub?access_token=a&id=<id>');
});

test('a hub of SignalR is negotiated at its own path', async () => {
  const { plan } = await openedBy('ws://h:1/hubs/chat', 'signalr');
  assert.equal(said(plan!.before[0]!.head), 'POST /hubs/chat/negotiate?negotiateVersion=1 HTTP/1.1\r\n');
  assert.deepEqual(plan!.before[0]!.take, [{ name: 'id', path: ['connectionToken'] }]);
});

test('Action Cable hears the origin of the URL, or what it is told', async () => {
  const headers = async (url: string, more: RawSettings = {}): Promise<string> =>
    said((await openedBy(url, 'actioncable', '', more)).words?.headers);
  assert.equal(await headers('ws://127.0.0.1:3000'), 'Origin: http://127.0.0.1:3000\r\n');
  assert.equal(await headers('wss://[::1]:3000'), 'Origin: https://[::1]:3000\r\n');
  assert.equal(await headers('ws://h:1', { origin: 'https://app.example' }), 'Origin: https://app.example\r\n');
});

test('settings are put in, escaped where they stand in JSON, and what depends on an empty one is left out', async () => {
  const bare = await openedBy('ws://h:1', 'socketio');
  assert.deepEqual(sent(bare), ['40/,{}', '3']);
  const joined = await openedBy('ws://h:1', 'socketio', 'namespace=/admin\0auth={"token":"{n}"}');
  assert.deepEqual(sent(joined), ['40/admin,{"token":"<number>"}', '3']);
  const cable = await openedBy('ws://h:1', 'actioncable', 'channel=Chat');
  assert.deepEqual(sent(cable), ['{"command":"subscribe","identifier":"{\\"channel\\":\\"Chat\\"}"}']);
  assert.deepEqual(sent(await openedBy('ws://h:1', 'actioncable')), []);
  const stomp = await openedBy('tcp://h:1', 'stomp', 'login=you\0passcode={uuid}\0heartBeatMs=0');
  assert.deepEqual(sent(stomp), [
    'CONNECT\naccept-version:1.2\nhost:/\nheart-beat:0,0\nlogin:you\npasscode:<uuid>\n\n\0',
  ]);
  assert.deepEqual(everyMs(stomp.plan!), []);
  assert.deepEqual(everyMs((await openedBy('tcp://h:1', 'stomp')).plan!), [10_000]);
});

test('a setting that there is none of, or of another kind, is refused with what there is', async () => {
  const refusal = async (dialect: string, settings: string): Promise<string> => {
    const error: unknown = await openedBy('ws://h:1', dialect, settings).catch((reason: unknown) => reason);
    assert.ok(error instanceof RigError && error.code === 'EUSAGE', String(error));
    return error.message;
  };
  assert.match(await refusal('phoenix', 'topics=a'), /no such setting; there is topic, payload, heartbeatSeconds/);
  assert.match(await refusal('phoenix', 'heartbeatSeconds=soon'), /write a number/);
  assert.match(await refusal('phoenix', 'payload={'), /write JSON/);
  assert.match(await refusal('mqtt', 'version=4'), /write 3\.1\.1 or 5/);
});
