import { randomBytes } from 'node:crypto';
import { RecordLayer, type RecordLayerOptions } from '../../fleet/transports/tls/record-layer.ts';
import type { AeadName, TrafficKeys } from '../../fleet/transports/tls/traffic-keys.ts';
import { PeerLane } from './record-peer.ts';

export interface RecordSuite {
  readonly name: string;
  readonly keys: () => TrafficKeys;
}

const suite13 = (cipher: AeadName, hash: 'sha256' | 'sha384'): RecordSuite => ({
  name: `TLS 1.3 ${cipher}`,
  keys: () => {
    const bytes = hash === 'sha256' ? 32 : 48;
    return { version: '1.3', cipher, hash, clientSecret: randomBytes(bytes), serverSecret: randomBytes(bytes) };
  },
});

const suite12 = (cipher: AeadName, keyBytes: number, ivBytes: number): RecordSuite => ({
  name: `TLS 1.2 ${cipher}`,
  keys: () => ({
    version: '1.2',
    cipher,
    clientKey: randomBytes(keyBytes),
    serverKey: randomBytes(keyBytes),
    clientIv: randomBytes(ivBytes),
    serverIv: randomBytes(ivBytes),
  }),
});

export const SUITES_13: readonly RecordSuite[] = [
  suite13('aes-128-gcm', 'sha256'),
  suite13('aes-256-gcm', 'sha384'),
  suite13('chacha20-poly1305', 'sha256'),
];
export const SUITES_12: readonly RecordSuite[] = [
  suite12('aes-128-gcm', 16, 4),
  suite12('aes-256-gcm', 32, 4),
  suite12('chacha20-poly1305', 32, 12),
];
export const SUITES = [...SUITES_13, ...SUITES_12];

export interface RecordRigOptions extends RecordLayerOptions {
  readonly slots?: number;
  /** Numbers of records to begin at; else those after a handshake. */
  readonly sent?: number;
  readonly received?: number;
}

/** A record layer whose slot 0 is connected to a peer that uses node:crypto alone. */
export class RecordRig {
  readonly keys: TrafficKeys;
  readonly layer: RecordLayer;
  /** What the peer seals with, and what it opens with. */
  readonly peerOut: PeerLane;
  readonly peerIn: PeerLane;
  /** All events but data, in order; what was sent is opened by the peer. */
  readonly seen: string[] = [];
  /** Called within each event that is seen, data too. */
  during: (event: string) => void = () => {};
  #plain: Buffer[] = [];

  constructor(suite: RecordSuite, options: RecordRigOptions = {}) {
    this.keys = suite.keys();
    const first = this.keys.version === '1.2' ? 1 : 0;
    const { sent = first, received = first } = options;
    this.peerOut = new PeerLane(this.keys, 'server', BigInt(received));
    this.peerIn = new PeerLane(this.keys, 'client', BigInt(sent));
    const see = (event: string) => {
      this.seen.push(event);
      this.during(event);
    };
    this.layer = new RecordLayer(
      options.slots ?? 4,
      {
        onSend: (slot, wire) => {
          if (slot !== 0) {
            see(`slot ${slot} sent`);
            return;
          }
          for (const { type, content } of this.peerIn.open(wire)) see(`send ${type} ${content.toString('hex')}`);
        },
        onPlain: (_, bytes) => {
          this.#plain.push(Buffer.from(bytes));
          this.during('plain');
        },
        onPeerEnd: () => see('end'),
        onTicket: () => see('ticket'),
        onKeyUpdate: (isOurs) => see(isOurs ? 'our keys' : 'their keys'),
        onAlert: (_, alert) => see(`alert ${alert}`),
        onBroken: (_, detail) => see(`broken: ${detail}`),
      },
      options,
    );
    this.layer.begin(0, this.keys, sent, received);
  }

  feed(wire: Uint8Array): void {
    this.layer.onBytes(0, wire);
  }

  /** All data that came since the last call. */
  takePlain(): Buffer {
    const plain = Buffer.concat(this.#plain);
    this.#plain = [];
    return plain;
  }
}
