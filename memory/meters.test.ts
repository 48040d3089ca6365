import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { ledgerOf } from '../core/ledger/ledger.ts';
import { ProcessTree, Readings } from '../core/schemas/readings.ts';
import { askMeter } from './meter.ts';
import { openMeters } from './meter-set.ts';
import { readPortableTree } from './process-portable.ts';
import { listTree, parentsNow, readProcessTree, readQuickMemory } from './process-tree.ts';

const onLinux = { skip: process.platform !== 'linux' ? 'needs /proc' : false, timeout: 60_000 };
/** /proc/slabinfo is for root. */
const asRoot = { ...onLinux, skip: onLinux.skip || (process.getuid?.() !== 0 ? 'needs root' : false) };

/** A Node process that does as it is told by lines on stdin, and answers each with a line. */
class Child {
  static readonly all: Child[] = [];
  readonly process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  constructor(script: string) {
    this.process = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.process.stdout! })[Symbol.asyncIterator]();
    Child.all.push(this);
  }
  get pid(): number {
    return this.process.pid!;
  }
  async ask(line: string): Promise<string> {
    this.process.stdin!.write(`${line}\n`);
    return this.hear();
  }
  async hear(): Promise<string> {
    const { value, done } = await this.#lines.next();
    assert.ok(!done, 'the child ended without an answer');
    return value;
  }
  async stop(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
  }
}
after(() => Promise.all(Child.all.map((child) => child.stop())));

const ON_LINE = `const {createInterface}=require('readline');createInterface({input:process.stdin}).on('line',`;
const HOARDER = `const kept=[];${ON_LINE}(n)=>{kept.push(Buffer.alloc(Number(n),1));console.log('done')});console.log('ready')`;
const PARENT = `const c=require('child_process').spawn(process.execPath,['-e','setInterval(()=>{},1e3);console.log(1)']);
  c.stdout.on('data',()=>console.log(c.pid));${ON_LINE}()=>{c.on('exit',()=>console.log('gone'));c.kill('SIGKILL')})`;

test('what a process allocates shows in its anonymous memory, to the page', onLinux, async () => {
  const child = new Child(HOARDER);
  await child.hear();
  const before = await readProcessTree([child.pid]);
  await child.ask(String(64 * 2 ** 20));
  const now = await readProcessTree([child.pid]);
  const quick = readQuickMemory([child.pid]);
  const grownMib = (now.anonBytes! - before.anonBytes!) / 2 ** 20;
  assert.ok(grownMib > 63 && grownMib < 70, `anonymous memory grew by ${grownMib} MiB, not 64`);
  assert.ok(now.ussBytes! - before.ussBytes! > 63 * 2 ** 20);
  assert.ok(now.rssBytes > now.anonBytes! && now.pssBytes! >= now.anonBytes!);
  assert.ok(now.pageTablesBytes! > before.pageTablesBytes!, '64 MiB need 16,384 more page-table entries');
  assert.ok(Math.abs(quick!.anonBytes - now.anonBytes!) < 4 * 2 ** 20, 'the quick reading is near the full one');
  assert.ok(now.threads! > 1 && now.cpuSeconds > 0);
});

test('a tree takes in descendants, leaves out exceptions, and survives their end', onLinux, async () => {
  const parent = new Child(PARENT);
  const childPid = Number(await parent.hear());
  assert.deepEqual(new Set(listTree([parent.pid])), new Set([parent.pid, childPid]));
  assert.deepEqual(listTree([parent.pid], { except: [childPid] }), [parent.pid]);
  const [both, one] = [
    await readProcessTree([parent.pid]),
    await readProcessTree([parent.pid], { except: [childPid] }),
  ];
  assert.deepEqual(both.pids, [parent.pid, childPid]);
  assert.ok(both.rssBytes > 1.5 * one.rssBytes);
  assert.equal(await parent.ask('kill'), 'gone');
  assert.deepEqual((await readProcessTree([parent.pid])).pids, [parent.pid]);
});

test('who descends from whom is asked anew after each birth, and not told of the dead', onLinux, async () => {
  for (let times = 0; times < 3; times++) {
    const parent = new Child(PARENT);
    const childPid = Number(await parent.hear());
    const tree = async (): Promise<number[]> => {
      const parents = parentsNow();
      assert.deepEqual(listTree([parent.pid], { parents }), [parent.pid, childPid]);
      return (await readProcessTree([parent.pid], { parents })).pids;
    };
    assert.deepEqual(await tree(), [parent.pid, childPid]);
    assert.equal(await parent.ask('kill'), 'gone');
    const parents = parentsNow();
    assert.deepEqual((await readProcessTree([parent.pid], { parents })).pids, [parent.pid]);
  }
});

const FORKING = `const {spawn}=require('child_process');const more=()=>{for(let i=0;i<3;i++)spawn('sleep',[String(Math.random()/20)]).on('exit',()=>spawn('true'))};
  setInterval(more,15);console.log('ready')`;

test('children that come and go between readings never cost a reading, nor the root', onLinux, async () => {
  const parent = new Child(FORKING);
  await parent.hear();
  const seen = new Set<number>();
  for (let i = 0; i < 40; i++) {
    const tree = await readProcessTree([parent.pid]);
    assert.equal(tree.pids[0], parent.pid);
    assert.ok(tree.anonBytes !== null && tree.anonBytes > 1e6, 'one that ends while it is read leaves no hole');
    for (const pid of tree.pids) seen.add(pid);
  }
  assert.ok(seen.size > 3, `only ${seen.size} processes were ever seen`);
});

const CROWD = `const {spawn}=require('child_process');let left=200;
  for(let i=0;i<200;i++)spawn('sleep',['1000']).on('spawn',()=>{if(--left===0)console.log('ready')})`;

test('a target of many processes is read with few files open at a time', onLinux, async (t) => {
  const parent = new Child(CROWD);
  t.after(() => killAll(parent.pid));
  await parent.hear();
  const script = `const { readProcessTree } = await import(process.argv[1]);
    const tree = await readProcessTree([${parent.pid}]);
    console.log(JSON.stringify(tree))`;
  const entry = new URL('./process-tree.js', import.meta.url).href;
  const limit = ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', script, entry];
  const { status, stdout, stderr } = spawnSync('/bin/sh', limit, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  const tree = ProcessTree.parse(JSON.parse(stdout));
  assert.equal(tree.pids.length, 201);
  assert.ok(tree.anonBytes! > 1e6, 'all of them could be read');
  // The parent has an event loop; sleep has none.
  assert.equal(tree.hasEpoll, true);
  assert.equal((await readProcessTree([tree.pids.at(-1)!])).hasEpoll, false);
});

const killAll = (root: number): void => {
  for (const pid of listTree([root])) process.kill(pid, 'SIGKILL');
};

test('a process that is gone is missing, with the reason', onLinux, async () => {
  const child = new Child(HOARDER);
  await child.hear();
  await child.stop();
  const answer = await askMeter(() => readProcessTree([child.pid]));
  assert.ok('missing' in answer);
  assert.equal(answer.missing, `process ${child.pid} is gone`);
});

test('where there is no /proc, RSS and processor time are known and nothing else is claimed', async () => {
  const child = new Child(HOARDER);
  await child.hear();
  const before = await readPortableTree([child.pid]);
  await child.ask(String(64 * 2 ** 20));
  const now = await readPortableTree([child.pid]);
  assert.ok(now.rssBytes - before.rssBytes > 60 * 2 ** 20);
  assert.deepEqual([now.anonBytes, now.pssBytes, now.threads], [null, null, null]);
  await child.stop();
  const answer = await askMeter(() => readPortableTree([child.pid]));
  assert.ok('missing' in answer);
});

const SERVER = `const {createServer}=require('net');const kept=[];let want=0,open=0;
  const tell=()=>{if(open===want)console.log(open)};
  const s=createServer((c)=>{kept.push(c);c.on('error',()=>{});c.on('close',()=>{open--});open++;tell()});
  s.listen(0,'127.0.0.1',4096,()=>console.log(s.address().port));${ON_LINE}(n)=>{want=Number(n);tell()})`;
const CLIENT = `const {connect}=require('net');const kept=[];
  const more=(port)=>new Promise((done)=>{const c=connect(port,'127.0.0.1',()=>{kept.push(c);done()});});
  ${ON_LINE}async(l)=>{const [port,n]=l.split(' ').map(Number);while(kept.length<n)await more(port);console.log('ok')})`;

test('a connection costs the kernel about 4 KB at each end', asRoot, async () => {
  const [server, client] = [new Child(SERVER), new Child(CLIENT)];
  const port = Number(await server.hear());
  const meters = openMeters({ pids: [server.pid], ports: [port], clientPid: client.pid });
  const climbTo = async (n: number): Promise<Readings> => {
    await client.ask(`${port} ${n}`);
    assert.equal(await server.ask(String(n)), String(n));
    return meters.read({ list: true });
  };
  const baseline = await climbTo(0);
  const first = await climbTo(1000);
  const hold = await climbTo(3000);
  assert.deepEqual(hold.missing, []);
  assert.deepEqual(Readings.parse(JSON.parse(JSON.stringify(hold))), hold);
  const { targetEnds, clientEnds, clientPorts, targetQueuedBytes } = hold.established!;
  assert.deepEqual([targetEnds, clientEnds, clientPorts, targetQueuedBytes], [3000, 3000, 3000, 0]);
  assert.equal(hold.target!.hasEpoll, true);
  // Null before Linux 6.2.
  if (hold.target!.openFiles !== null) assert.equal(hold.target!.openFiles - baseline.target!.openFiles!, 3000);
  const low = ledgerOf(baseline, first, { target: 1000, client: 1000 });
  const high = ledgerOf(baseline, hold, { target: 3000, client: 3000 });
  const cost = (high.kernel! - low.kernel!) / 2000;
  const clientCost = (high.client.kernel! - low.client.kernel!) / 2000;
  assert.ok(cost > 3600 && cost < 4600, `${cost} bytes for each accepted end`);
  assert.ok(clientCost > cost && clientCost < 5000, `${clientCost} bytes for each connecting end`);
  const quick = meters.readQuick();
  assert.ok(quick.targetBytes! > 1e6 && quick.clientRssBytes! > 1e7);
  const { meterMs, tookMs } = hold;
  const asked = ['client', 'cgroup', 'established', 'host', 'slab', 'sockstat', 'target'];
  assert.deepEqual(Object.keys(meterMs).toSorted(), asked.toSorted());
  const { established: listMs = 0, ...together } = meterMs;
  assert.ok(listMs > 0 && tookMs > 0 && tookMs >= Math.max(...Object.values(together)));
});

test('a process in a cgroup with others: it says so, and its memory is in there', onLinux, async (t) => {
  const child = new Child(HOARDER);
  await child.hear();
  const meters = openMeters({ pids: [child.pid], ports: [], clientPid: process.pid });
  const { cgroup, missing } = await meters.read();
  if (!cgroup) {
    assert.match(missing.find(({ meter }) => meter === 'cgroup')?.why ?? '', /cgroup/);
    return t.skip('no memory cgroup here');
  }
  assert.equal(cgroup.exclusive, false, 'this very test lives in it as well');
  const currentBytes = async (): Promise<number> => (await meters.read()).cgroup!.currentBytes;
  // Neighbours in it come and go meanwhile.
  for (let tries = 1; ; tries++) {
    const before = await currentBytes();
    await child.ask(String(64 * 2 ** 20));
    const grown = (await currentBytes()) - before;
    if (grown > 32 * 2 ** 20) break;
    assert.ok(tries < 5, `${grown} bytes more`);
  }
});

test('a meter set says which meter has no answer, and why', onLinux, async () => {
  const child = new Child(HOARDER);
  await child.hear();
  await child.stop();
  const meters = openMeters({ pids: [child.pid], ports: [], clientPid: process.pid, adminUrl: 'http://127.0.0.1:1' });
  const readings = await meters.read({ gc: true, list: true });
  const { target, runtime, established, cgroup } = readings;
  assert.deepEqual([target, runtime, established, cgroup], [null, null, null, null]);
  assert.ok(readings.client!.pids.includes(process.pid) && readings.host!.usedBytes > 0);
  const why = Object.fromEntries(readings.missing.map(({ meter, why }) => [meter, why]));
  assert.match(why['runtime'] ?? '', /ECONNREFUSED/);
  assert.equal(why['target'], `process ${child.pid} is gone`);
  assert.equal(why['cgroup'], `process ${child.pid} is gone`);
  assert.equal(meters.readQuick().targetBytes, null);
});
