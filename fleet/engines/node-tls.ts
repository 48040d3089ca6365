import { connect } from 'node:tls';
import type { Slot } from '../protocols/protocol.ts';
import type { HandshakeFailure } from '../transports/tls/failures.ts';
import { whatCame } from '../transports/tls/failures.ts';
import { NodeTlsAgreements } from '../transports/tls/node-tls-agreements.ts';
import { judgeNodeTlsError, judgeNodeTlsPeer } from '../transports/tls/node-tls-judge.ts';
import { nodeTlsOptions } from '../transports/tls/node-tls-options.ts';
import type { Agreement, TlsOptions } from '../transports/tls/tls-options.ts';
import type { TransportCounts } from '../transports/transport.ts';
import { causeOf, type EndCause, type Engine, type SecuredEngineEvents } from './engine.ts';
import { connectOptions, descriptorOf, type NodeEngineOptions } from './node.ts';
import {
  createSlotSocket,
  FAILED,
  ignoreError,
  resetSecured,
  SECURED,
  SHAKING,
  type SlotSocket,
  type SlotTls,
  WireMeter,
} from './node-tls-sockets.ts';
import { createTurns } from './node-turns.ts';
import { createNodeUnread } from './node-unread.ts';
import { QUEUE_BOUNDS, SendQueues } from './send-queues.ts';

/** So much of one socket is told in a round of the loop: what a protocol makes of it takes a few ms at the most. */
const ROUND_BYTES = 16_384;
/** A record of TLS holds so much: pieces that wait are written together up to that. */
const RECORD_BYTES = 16_384;
/**
 * Sockets through `node:tls`, for where OpenSSL can't be called. Each connection has two sockets of Node.js and an object of
 * OpenSSL for as long as it is open, some 40 KB. All share one context and one set of listeners.
 *
 * @param onAgreed told of each different agreement once
 * @throws Error with a sentence when `node:tls` doesn't take these options
 */
export function createNodeTlsEngine(
  { queueBounds }: NodeEngineOptions,
  options: TlsOptions,
  events: SecuredEngineEvents,
  onAgreed: (agreement: Agreement) => void,
): Engine {
  const sockets = new Map<Slot, SlotSocket>();
  const turns = createTurns();
  let disposed = false;
  const queues = new SendQueues(queueBounds ?? QUEUE_BOUNDS);
  const unread = createNodeUnread((slot) => sockets.get(slot)?.tls?.resume());
  const agreements = new NodeTlsAgreements(onAgreed);
  const common = nodeTlsOptions(options);
  const counts: TransportCounts = {
    secured: 0,
    resumed: 0,
    objects: 0,
    keptObjects: 0,
    keyUpdatesIn: 0,
    keyUpdatesOut: 0,
    tickets: 0,
  };
  const wire = new WireMeter();
  /** What is offered to the server, if sessions are taken up again. */
  let session: Buffer | undefined;
  let round = 0;
  let isRoundOpen = false;
  /** Secured in this round: their last word of the handshake is written behind what is told. */
  const securedNow: SlotSocket[] = [];

  // The TCP socket.
  function onConnect(this: SlotSocket): void {
    turns.stir();
    // An abort may have come while this event was on its way.
    if (this.dropped) return;
    events.onConnected(this.slot);
    if (!this.dropped) secure(this);
  }

  function onRawClose(this: SlotSocket): void {
    if (this.tls === undefined) gone(this);
  }

  // What is secured.
  function secure(raw: SlotSocket): void {
    const tls = connect({ ...common, socket: raw, ...(session && { session }) }) as SlotTls;
    tls.raw = raw;
    tls.offered = session;
    raw.tls = tls;
    counts.objects++;
    tls.on('secureConnect', onSecure).on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
    tls.on('drain', onDrain);
    if (options.resume) tls.on('session', onSession);
    if (raw.finishing) tls.end();
  }

  function onSecure(this: SlotTls): void {
    turns.stir();
    const { raw } = this;
    if (raw.dropped) return;
    wire.count(raw);
    // Asked once for each: up to Node.js 24 that takes it out of what is asked.
    const certificate = this.getPeerX509Certificate();
    const failure = options.verify ? judgeNodeTlsPeer(this, certificate, options) : undefined;
    if (failure !== undefined) {
      fail(raw, failure);
      return;
    }
    raw.phase = SECURED;
    securedNow.push(raw);
    openRound();
    agreements.note(this, certificate);
    counts.secured++;
    counts.keptObjects++;
    if (this.isSessionReused()) counts.resumed++;
    // The server didn't take it up: it has forgotten it, or is another one.
    else if (this.offered === session) session = undefined;
    events.onSecured(raw.slot);
  }

  function onSession(this: SlotTls, offered: Buffer): void {
    counts.tickets++;
    // What a server is judged by comes first.
    if (this.raw.phase === SECURED) session ??= offered;
  }

  function onData(this: SlotTls, bytes: Buffer): void {
    turns.stir();
    const { raw } = this;
    wire.count(raw);
    if (raw.dropped) return;
    openRound();
    if (raw.toldIn !== round) {
      raw.toldIn = round;
      raw.told = 0;
    }
    raw.told += bytes.length;
    events.onBytes(raw.slot, bytes);
    if (raw.told < ROUND_BYTES || raw.dropped || raw.paused) return;
    this.pause();
    unread.add(raw.slot);
  }

  /** Between two immediates the loop looks at all sockets. */
  function openRound(): void {
    if (isRoundOpen) return;
    isRoundOpen = true;
    setImmediate(endRound);
  }
  function endRound(): void {
    isRoundOpen = false;
    round++;
    for (let raw = securedNow.pop(); raw !== undefined; raw = securedNow.pop()) wire.count(raw);
  }

  function onEnd(this: SlotTls): void {
    turns.stir();
    const { raw } = this;
    if (!raw.dropped && !this.destroyed && raw.phase !== SHAKING) events.onEnd(raw.slot);
  }

  function onError(this: SlotTls, error: Error): void {
    turns.stir();
    const { raw } = this;
    if (raw.dropped || raw.phase === FAILED) return;
    const failure = judgeNodeTlsError(error, raw.phase === SHAKING ? raw.bytesRead : undefined);
    if (failure !== undefined) fail(raw, failure);
  }

  function fail(raw: SlotSocket, { outcome, detail, isStranger }: HandshakeFailure): void {
    if (raw.phase === SECURED) counts.keptObjects--;
    raw.phase = FAILED;
    events.onSecureFailure(raw.slot, outcome, detail, isStranger);
  }

  function onDrain(this: SlotTls): void {
    const { raw } = this;
    wire.count(raw);
    if (queues.has(raw.slot) && this.writable && this.writableLength === 0) {
      this.cork();
      for (let bytes = 0; bytes < RECORD_BYTES && queues.has(raw.slot); ) {
        const first = queues.first(raw.slot)!;
        queues.took(raw.slot, first.length);
        bytes += first.length;
        this.write(first);
      }
      this.uncork();
    }
    if (raw.finishing && this.writable && !queues.has(raw.slot)) this.end();
  }

  function onClose(this: SlotTls): void {
    counts.objects--;
    if (this.raw.phase === SECURED) counts.keptObjects--;
    gone(this.raw);
  }

  function gone(raw: SlotSocket): void {
    turns.stir();
    wire.count(raw);
    sockets.delete(raw.slot);
    forget(raw.slot);
    if (disposed) return;
    const error: NodeJS.ErrnoException | null = raw.tls?.errored ?? raw.errored;
    const isSystems = error !== null && !raw.dropped && raw.phase !== FAILED;
    const cause: EndCause = raw.dropped ? 'aborted' : isSystems ? causeOf(error.code) : 'closed';
    events.onGone(raw.slot, cause, isSystems ? error.message : '');
  }

  function forget(slot: Slot): void {
    queues.delete(slot);
    unread.delete(slot);
  }

  function drop(raw: SlotSocket): void {
    if (raw.dropped) return;
    raw.dropped = true;
    forget(raw.slot);
    if (!raw.destroyed) resetSecured(raw);
  }

  function resume(raw: SlotSocket): void {
    if (!raw.paused) return;
    raw.paused = false;
    raw.tls?.resume();
  }

  return {
    name: 'node',
    tls: { counts, wire, cameSoFar: (slot) => whatCame(sockets.get(slot)?.bytesRead ?? 0) },
    open(slot, destination, sourceIp) {
      const raw = createSlotSocket(slot);
      raw.on('connect', onConnect).on('error', ignoreError).on('close', onRawClose);
      sockets.set(slot, raw);
      try {
        raw.connect(connectOptions(destination, sourceIp));
      } catch (error) {
        raw.destroy(error as Error);
      }
    },
    write(slot, bytes, replaces = false) {
      const raw = sockets.get(slot);
      const tls = raw?.tls;
      if (!tls?.writable || raw?.phase !== SECURED || raw.dropped || raw.finishing || bytes.length === 0) return true;
      // A write that is under way is sealed: none behind it can be left out any more unless it waits with us.
      if (tls.writableLength > 0) return queues.push(slot, bytes, replaces);
      tls.write(Buffer.from(bytes));
      return true;
    },
    isQueued(slot) {
      return queues.has(slot) || (sockets.get(slot)?.tls?.writableLength ?? 0) > 0;
    },
    finish(slot) {
      const raw = sockets.get(slot);
      if (!raw || raw.finishing) return;
      raw.finishing = true;
      // Its peer's FIN lies behind what was not read.
      resume(raw);
      if (raw.tls?.writable && !queues.has(slot)) raw.tls.end();
    },
    abort(slot) {
      const raw = sockets.get(slot);
      if (raw) drop(raw);
    },
    leave(slot) {
      const raw = sockets.get(slot);
      if (!raw || raw.destroyed) return;
      raw.dropped = true;
      (raw.tls ?? raw).destroy();
    },
    pauseReading(slot) {
      const raw = sockets.get(slot);
      if (raw?.phase !== SECURED || raw.dropped || raw.finishing) return;
      raw.paused = true;
      unread.delete(slot);
      raw.tls?.pause();
    },
    resumeReading(slot) {
      const raw = sockets.get(slot);
      if (raw) resume(raw);
    },
    descriptorOf: (slot) => descriptorOf(sockets.get(slot)),
    turn: turns.turn,
    forEachUnread: unread.forEach,
    async dispose() {
      disposed = true;
      turns.stir();
      for (const raw of sockets.values()) drop(raw);
      while (sockets.size > 0) await turns.turn(10);
    },
  };
}
