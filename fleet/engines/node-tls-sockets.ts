import { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Slot } from '../protocols/protocol.ts';
import type { WireBytes } from './engine.ts';

/** Where a connection is. */
export const SHAKING = 0;
export const SECURED = 1;
/** TLS has failed: what still comes is told, since it is read to its end. */
export const FAILED = 2;

/** The TCP socket of a slot, and on top of it, once it is connected, that of TLS. */
export interface SlotSocket extends Socket {
  slot: Slot;
  tls: SlotTls | undefined;
  phase: number;
  /** We dropped it before anything else ended it. */
  dropped: boolean;
  /** `finish` was called; close_notify and FIN follow what is queued. */
  finishing: boolean;
  /** Nothing is read until somebody says so. */
  paused: boolean;
  /** What may be read all the same; below 0: what was read beyond it. */
  allowedBytes: number;
  /** What went through it and was added up. */
  countedIn: number;
  countedOut: number;
  /** What was told of it in a round of the loop, and in which. */
  told: number;
  toldIn: number;
}

/** What secures it. */
export interface SlotTls extends TLSSocket {
  raw: SlotSocket;
  /** The session that was offered. */
  offered: Buffer | undefined;
}

/** For a close_notify to get into a kernel that takes nothing more. */
const RESET_PATIENCE_MS = 100;

/** Not connected yet, and not secured. */
export function createSlotSocket(slot: Slot): SlotSocket {
  const raw = new Socket(SOCKET_OPTIONS) as SlotSocket;
  raw.slot = slot;
  raw.tls = undefined;
  raw.phase = SHAKING;
  raw.dropped = false;
  raw.finishing = false;
  raw.paused = false;
  raw.allowedBytes = 0;
  raw.countedIn = 0;
  raw.countedOut = 0;
  raw.told = 0;
  raw.toldIn = 0;
  return raw;
}
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true };

/** What went through TCP sockets. It only grows, and sockets that are gone stay in it. */
export class WireMeter implements WireBytes {
  bytesIn = 0;
  bytesOut = 0;

  /** Adds what went through since it was last called. After they are closed sockets still say so. */
  count(raw: SlotSocket): void {
    const { bytesRead, bytesWritten } = raw;
    this.bytesIn += bytesRead - raw.countedIn;
    this.bytesOut += bytesWritten - raw.countedOut;
    raw.countedIn = bytesRead;
    raw.countedOut = bytesWritten;
  }
}

/** Errors of a TCP socket are read from it when it has closed; without a listener they would be thrown. */
export function ignoreError(): void {}

/** As of a plain socket, see `node.ts`: libuv refuses to reset while a shutdown is on its way. */
export function resetSecured(raw: SlotSocket): void {
  const { tls } = raw;
  const shuttingDown = tls?.writableEnded && !tls.writableFinished && tls.writableLength === 0;
  if (raw.connecting) raw.destroy();
  else if (shuttingDown) {
    tls.once('finish', () => raw.resetAndDestroy());
    setTimeout(() => raw.destroy(), RESET_PATIENCE_MS);
  } else raw.resetAndDestroy();
}

/** One that is paused may read so much all the same, less what it has read beyond what it was allowed before. */
export function allow(raw: SlotSocket, mostBytes: number): void {
  raw.allowedBytes = Math.min(0, raw.allowedBytes) + mostBytes;
  if (raw.allowedBytes > 0) raw.tls?.resume();
}

export function tookOfAllowed(raw: SlotSocket, bytes: number): void {
  raw.allowedBytes -= bytes;
  if (raw.allowedBytes <= 0) raw.tls?.pause();
}
