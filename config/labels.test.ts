import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLabels } from './labels.ts';
import { commandAgain } from './run-again.ts';
import { parseRunConfig } from './run-config.ts';

test('labels are told apart, whatever commas their values have', () => {
  assert.deepEqual(readLabels('commit=1a2b3c'), { value: { commit: '1a2b3c' } });
  assert.deepEqual(readLabels('note=a, b and c,branch=x=y'), { value: { note: 'a, b and c', branch: 'x=y' } });
});

for (const [given, problem] of [
  ['commit', '"commit" is not a label such as commit=1a2b3c'],
  ['=x', '"=x" is not a label such as commit=1a2b3c'],
  ['a=1,a=2', 'a is there twice'],
  [`a=${'x'.repeat(201)}`, 'a is longer than 200 characters'],
  ['a=\u001b[31m', '"a=\u001b[31m" is not a label such as commit=1a2b3c'],
] as const) {
  test(`refused: ${given.slice(0, 20)}`, () => assert.deepEqual(readLabels(given), { problem }));
}

test('the command that asks for a run again hides what its URLs and paths carry', () => {
  const { again } = parseRunConfig({
    urls: ['http://127.0.0.1:3000/chat?token=hushed-too'],
    behaviour: 'request:1k/s:/work?key=hushed-as-well',
    pid: String(process.pid),
  });
  assert.ok(!again.includes('hushed'), again);
  assert.match(again, /\/chat\?token=\*\*\*.*request:1k\/s:\/work\?key=\*\*\*/);
});

test('a run knows the command that asks for it again, without what is secret or where its results went', () => {
  const { again, labels } = parseRunConfig(
    {
      urls: ['ws://127.0.0.1:3000/chat'],
      connections: '5k',
      command: "node 'my server.js'",
      label: 'commit=1a2b3c,branch=main',
      out: 'runs/x',
      'exporter-token': 'very-secret',
      force: 'true',
    },
    { rate: '1k/s', 'fail-if': ['ws.perConnection.total.bytes > 12KiB', 'ws.outcomes.refused > 0'], json: true },
  );
  assert.deepEqual(labels, { commit: '1a2b3c', branch: 'main' });
  assert.ok(!again.includes('very-secret') && !again.includes('runs/x') && !again.includes('json'), again);
  for (const part of [
    'connrig run ws://127.0.0.1:3000/chat --connections 5k',
    '--rate 1k/s',
    `--command 'node '\\''my server.js'\\'''`,
    '--exporter-token @FILE',
    "--fail-if 'ws.perConnection.total.bytes > 12KiB' --fail-if 'ws.outcomes.refused > 0'",
    '--label commit=1a2b3c,branch=main',
    '--force',
  ]) {
    assert.ok(again.includes(part), `${part} in ${again}`);
  }
});

test('what a run was shown by is no part of asking for it again', () => {
  const shown = {
    metrics: '0',
    live: '0',
    'admin-token': 'very-secret',
    'admin-cert': 'cert.pem',
    'admin-key': 'key.pem',
  };
  assert.equal(commandAgain([], shown, { 'admin-names': 'rig.example', pid: 1 }), 'connrig run --pid 1');
});
