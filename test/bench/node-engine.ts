/**
 * What the node engine does by itself: opens per second and its own memory per connection, for tcp and ws, against a
 * bare echo server in another process. `node dist/test/bench/node-engine.js` prints one JSON line for each protocol.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Engine } from '../../client/engines/engine.ts';
import { createNodeEngine } from '../../client/engines/node.ts';
import type { Protocol, ProtocolEvents } from '../../client/protocols/protocol.ts';
import { createTcpProtocol } from '../../client/protocols/tcp.ts';
import { createWsProtocol } from '../../client/protocols/ws.ts';
import { isProtocolName, PROTOCOLS, type ProtocolName } from '../../core/protocols.ts';
import { startEcho } from '../support/echo.ts';

const WINDOW = 256;
const WARM_UP = 1000;
const LOW = 5000;
const HIGH = 10_000;
const SETTLE_MS = 1000;

const [, script = '', only] = process.argv;
if (only && isProtocolName(only)) {
  process.stdout.write(`${JSON.stringify(await measure(only))}\n`);
} else {
  // Each in a process of its own: what one frees, the other would get for nothing.
  for (const name of PROTOCOLS) spawnSync(process.execPath, [script, name], { stdio: 'inherit' });
}

async function measure(name: ProtocolName): Promise<Record<string, string | number>> {
  const server = await startEcho(name);
  const at = { ip: '127.0.0.1', port: server.port };
  let [next, open, gone] = [0, 0, 0];
  const events: ProtocolEvents = {
    onOpen: () => open++,
    onHandshakeFailure: (_, outcome, detail) => fail(`${outcome}: ${detail}`),
    onPayload: () => undefined,
    onReply: (slot, bytes) => engine.write(slot, bytes),
    onPeerClose: (slot) => engine.finish(slot),
    onProtocolError: (_, detail) => fail(detail),
  };
  const protocol: Protocol =
    name === 'tcp'
      ? createTcpProtocol(events)
      : createWsProtocol({ slots: HIGH, path: '/', hostHeader: `${at.ip}:${at.port}` }, events);
  const engine: Engine = createNodeEngine(
    {},
    {
      onConnected(slot) {
        const hello = protocol.hello(slot);
        if (hello) engine.write(slot, hello);
        else open++;
      },
      onBytes: protocol.onBytes,
      onEnd: protocol.onEnd,
      onGone(slot, cause, detail) {
        gone++;
        protocol.release(slot);
        if (cause !== 'closed') fail(`${cause}: ${detail}`);
      },
    },
  );
  async function climbTo(count: number): Promise<number> {
    const start = performance.now();
    const opensBefore = open;
    while (open < count) {
      while (next < count && next - open < WINDOW) engine.open(next++, at, undefined);
      await engine.turn(100);
    }
    return Math.round(((open - opensBefore) * 1000) / (performance.now() - start));
  }

  await climbTo(WARM_UP);
  const opensPerSecond = await climbTo(LOW);
  const low = await settledMemory();
  const opensPerSecondHigh = await climbTo(HIGH);
  const high = await settledMemory();
  const start = performance.now();
  for (let slot = 0; slot < HIGH; slot++) {
    const goodbye = protocol.goodbye(slot);
    if (goodbye) engine.write(slot, goodbye);
    else engine.finish(slot);
  }
  while (gone < HIGH) await engine.turn(100);
  const closesPerSecond = Math.round((HIGH * 1000) / (performance.now() - start));
  await engine.dispose();
  await server.close();
  const each = (from: number, to: number): number => Math.round((to - from) / (HIGH - LOW));
  return {
    protocol: name,
    opensPerSecond,
    opensPerSecondHigh,
    closesPerSecond,
    rssBytesPerConnection: each(low.rssBytes, high.rssBytes),
    anonymousBytesPerConnection: each(low.anonymousBytes, high.anonymousBytes),
  };
}

async function settledMemory(): Promise<{ rssBytes: number; anonymousBytes: number }> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const rollup = readFileSync('/proc/self/smaps_rollup', 'latin1');
  const bytesOf = (field: string): number => Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(rollup)![1]) * 1024;
  return { rssBytes: bytesOf('Rss'), anonymousBytes: bytesOf('Anonymous') };
}

function fail(sentence: string): never {
  throw new Error(sentence);
}
