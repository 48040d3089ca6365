import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { startInspectedNode } from '../test/support/inspected-node.ts';
import { connectInspector, type Inspector, readInspected } from './inspector.ts';
import { askMeter } from './meter.ts';

const TIMEOUT = { timeout: 60_000 };
const PATIENCE_MS = 20_000;
const MIB = 2 ** 20;
const WAITS = 'setInterval(()=>{},1e6);console.log("ready");';

async function inspected(t: TestContext, code: string) {
  const node = await startInspectedNode(t, code);
  assert.equal(await node.hear(), 'ready');
  const inspector = await connectInspector(node.address, PATIENCE_MS);
  t.after(() => inspector.close());
  return { node, inspector };
}

const whyMissing = async (read: () => Promise<unknown>): Promise<string> => {
  const answer = await askMeter(read);
  return 'missing' in answer ? answer.missing : assert.fail('there is an answer');
};

test('a process says who it is, and what its heap and what belongs to it take', TIMEOUT, async (t) => {
  const code = `globalThis.kept=[new Uint8Array(32*${MIB}),Array.from({length:2**18},(_,i)=>({i}))];${WAITS}`;
  const { node, inspector } = await inspected(t, code);
  const memory = await inspector.read(false, PATIENCE_MS);
  assert.deepEqual([inspector.pid, memory.pid], [node.pid, node.pid]);
  assert.ok(memory.externalBytes > 32 * MIB && memory.externalBytes < 40 * MIB, `external ${memory.externalBytes}`);
  assert.ok(memory.arrayBuffersBytes >= 32 * MIB);
  assert.ok(memory.heapUsedBytes > 5 * MIB && memory.heapUsedBytes < memory.heapTotalBytes);
});

test('a collection takes garbage, what only finalizers hold included; without one it stays', TIMEOUT, async (t) => {
  // Each key that goes lets 4 KiB go, but only after its finalizer has run.
  const { inspector } = await inspected(
    t,
    `const kept=new Map();const registry=new FinalizationRegistry((i)=>kept.delete(i));
     for(let i=0;i<4096;i++){kept.set(i,new Uint8Array(4096));registry.register({},i)};${WAITS}`,
  );
  assert.ok((await inspector.read(false, PATIENCE_MS)).externalBytes > 16 * MIB);
  assert.ok((await inspector.read(true, PATIENCE_MS)).externalBytes < 4 * MIB);
});

test('reading again and again leaves nothing behind in the process', TIMEOUT, async (t) => {
  const { inspector } = await inspected(t, WAITS);
  const readOften = async (): Promise<void> => {
    for (let i = 0; i < 500; i++) await inspector.read(false, PATIENCE_MS);
  };
  await readOften();
  const before = await inspector.read(true, PATIENCE_MS);
  await readOften();
  const after = await inspector.read(true, PATIENCE_MS);
  const grownBytes = after.heapUsedBytes - before.heapUsedBytes;
  assert.ok(grownBytes < 200 * 500, `it grew by ${grownBytes}`);
});

test('a process that wants to end is not kept from it, and is missing then', TIMEOUT, async (t) => {
  for (const [end, how] of [
    ['process.exit(3)', 3],
    ['throw new Error("oh")', 1],
  ] as const) {
    const { node, inspector } = await inspected(t, `process.on('SIGUSR2',()=>{${end}});${WAITS}`);
    await inspector.read(false, PATIENCE_MS);
    node.child.kill('SIGUSR2');
    assert.equal(await node.ended, how);
    assert.match(await whyMissing(() => inspector.read(true, PATIENCE_MS)), /^127\.0\.0\.1:\d+: the process ended$/);
  }
});

test('a line that is cut answers what was asked, at once', TIMEOUT, async (t) => {
  const { node, inspector } = await inspected(t, WAITS);
  node.child.kill('SIGSTOP');
  const pending = whyMissing(() => inspector.read(false, PATIENCE_MS));
  node.child.kill('SIGKILL');
  assert.match(await pending, /: the inspector closed the connection$/);
});

test('a process that stands still has no answer', TIMEOUT, async (t) => {
  const { node, inspector } = await inspected(t, WAITS);
  node.child.kill('SIGSTOP');
  assert.match(await whyMissing(() => inspector.read(true, 100)), /: no answer within 100 ms$/);
  node.child.kill('SIGCONT');
  assert.equal((await inspector.read(true, PATIENCE_MS)).pid, node.pid, 'a late answer is nobody else’s');
});

test('closed twice is closed', TIMEOUT, async (t) => {
  const { inspector } = await inspected(t, WAITS);
  await inspector.close();
  await inspector.close();
  assert.match(await whyMissing(() => inspector.read(false, PATIENCE_MS)), /closed by us$/);
});

test('what is no inspector is told', TIMEOUT, async (t) => {
  const answers: Readonly<Record<string, string>> = { '/json/list': '' };
  let list = '';
  const server = createServer((request, response) => {
    response.writeHead(request.url && request.url in answers ? 200 : 404).end(list);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const [said, why] of [
    ['<html>', /\/json\/list is not what an inspector answers$/],
    ['[]', /\/json\/list is not what an inspector answers$/],
    ['[{"webSocketDebuggerUrl":"ws://elsewhere.example:1/abc"}]', /: Unexpected server response: 404$/],
  ] as const) {
    list = said;
    assert.match(await whyMissing(() => connectInspector(address, PATIENCE_MS)), why);
  }
  assert.match(await whyMissing(() => connectInspector('127.0.0.1:1', PATIENCE_MS)), /ECONNREFUSED/);
});

test('what is listed leads nowhere but to the address that was given', TIMEOUT, async (t) => {
  let visits = 0;
  const elsewhere = createServer((_, response) => response.end()).on('connection', () => visits++);
  elsewhere.listen(0, '127.0.0.2');
  await once(elsewhere, 'listening');
  t.after(() => elsewhere.close());
  const there = `127.0.0.2:${(elsewhere.address() as AddressInfo).port}`;
  let answer: { status: number; body: string; location?: string } = { status: 200, body: '' };
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    const isList = request.url === '/json/list';
    response.writeHead(isList ? answer.status : 302, { Location: answer.location ?? `ws://${there}/moved` });
    response.end(isList ? answer.body : '');
  });
  server.on('upgrade', (request, socket) => {
    asked.push(request.url!);
    socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://${there}/moved\r\nContent-Length: 0\r\n\r\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const whyAt = (address: string): Promise<string> => whyMissing(() => connectInspector(address, PATIENCE_MS));

  const lists = (webSocketDebuggerUrl: string): void => {
    answer = { status: 200, body: JSON.stringify([{ webSocketDebuggerUrl }]) };
  };
  for (const address of [`127.0.0.1:${port}`, `localhost:${port}`]) {
    lists(`ws://${there}/abc`);
    assert.match(await whyAt(address), /: Unexpected server response: 302$/);
    assert.deepEqual(asked.splice(0), ['/json/list', '/abc']);
  }
  // Behind the address, each of these would be another one, or none.
  const BAITS = [
    `x:@${there}/abc`,
    `ws:@${there}`,
    `data:.${there}/abc`,
    '//abc',
    'abc',
    `ws://${there}`,
    'ws://a/b?c',
    '',
  ];
  for (const bait of [
    ...BAITS,
    `ws://a/\\@${there}/`,
    `ws://a/@${there}/`,
    `ws://a//${there}/ `,
    'ws://a/b\r\nHost: c',
  ]) {
    lists(bait);
    assert.match(await whyAt(`127.0.0.1:${port}`), /\/json\/list is not what an inspector answers$/, bait);
    assert.deepEqual(asked.splice(0), ['/json/list']);
  }
  answer = { status: 302, body: '', location: `http://${there}/json/list` };
  assert.match(
    await whyAt(`127.0.0.1:${port}`),
    /answered 302: it redirects to http:\/\/[\d.:]+\/json\/list, which is not followed$/,
  );
  assert.equal(visits, 0);
});

test('of several processes there are all or none', TIMEOUT, async (t) => {
  const [one, other] = [await inspected(t, WAITS), await inspected(t, WAITS)];
  const all: Inspector[] = [one.inspector, other.inspector];
  const { collected, processes, census } = await readInspected(all, true, PATIENCE_MS);
  assert.deepEqual([collected, census], [true, null]);
  assert.deepEqual(
    processes.map(({ pid }) => pid),
    [one.node.pid, other.node.pid],
  );
  other.node.child.kill('SIGKILL');
  await other.node.ended;
  assert.match(await whyMissing(() => readInspected(all, false, PATIENCE_MS)), /closed the connection$/);
});
