import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { TrafficKeys } from '../../fleet/transports/tls/traffic-keys.ts';

const HASHES = { sha256: 32, sha384: 48 } as const;
type Hash = keyof typeof HASHES;

/** HKDF-Expand-Label with an empty context, of one block: RFC 8446, section 7.1, by node:crypto. */
export function expandLabelHere(hash: Hash, secret: Uint8Array, label: string, length: number): Buffer {
  const text = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.of(0, length, text.length), text, Buffer.of(0)]);
  return createHmac(hash, secret).update(info).update(Buffer.of(1)).digest().subarray(0, length);
}

/** One direction of a connection, by node:crypto's own AEAD: a second opinion on every record. */
export class PeerLane {
  readonly #keys: TrafficKeys;
  #secret: Uint8Array;
  #key: Uint8Array;
  #iv: Uint8Array;
  number: bigint;

  constructor(keys: TrafficKeys, side: 'client' | 'server', number = 0n) {
    this.#keys = keys;
    this.number = number;
    if (keys.version === '1.2') {
      this.#secret = new Uint8Array(0);
      this.#key = side === 'client' ? keys.clientKey : keys.serverKey;
      this.#iv = side === 'client' ? keys.clientIv : keys.serverIv;
    } else {
      this.#secret = Buffer.from(side === 'client' ? keys.clientSecret : keys.serverSecret);
      [this.#key, this.#iv] = this.#derive();
    }
  }

  /** Goes on to the next traffic secret. */
  update(): void {
    if (this.#keys.version === '1.2') throw new Error('TLS 1.2 has no key update');
    const { hash } = this.#keys;
    this.#secret = expandLabelHere(hash, this.#secret, 'traffic upd', HASHES[hash]);
    [this.#key, this.#iv] = this.#derive();
    this.number = 0n;
  }

  /** A record; with TLS 1.3 padded by that many zeros. */
  seal(type: number, content: Uint8Array, padding = 0): Buffer {
    const is13 = this.#keys.version === '1.3';
    const text = is13 ? Buffer.concat([content, Buffer.of(type), Buffer.alloc(padding)]) : content;
    const explicit = this.#explicit ? this.#counter() : Buffer.alloc(0);
    const length = explicit.length + text.length + 16;
    const head = Buffer.of(is13 ? 23 : type, 3, 3, length >> 8, length & 0xff);
    const cipher = createCipheriv(this.#name, this.#key, this.#nonce(explicit), { authTagLength: 16 });
    cipher.setAAD(is13 ? head : this.#data12(type, text.length), { plaintextLength: text.length });
    const sealed = Buffer.concat([head, explicit, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
    this.number++;
    return sealed;
  }

  /** All records of these bytes; a KeyUpdate among them is followed. @throws when one isn't whole or not what was sealed */
  open(wire: Uint8Array): { type: number; content: Buffer }[] {
    const opened: { type: number; content: Buffer }[] = [];
    for (let rest = Buffer.from(wire); rest.length > 0; ) {
      const length = rest.readUInt16BE(3);
      if (rest.length < 5 + length) throw new Error('half a record');
      const record = this.#open(rest.subarray(0, 5), rest.subarray(5, 5 + length));
      if (record.type === 22 && record.content[0] === 24) this.update();
      opened.push(record);
      rest = rest.subarray(5 + length);
    }
    return opened;
  }

  #open(head: Buffer, body: Buffer): { type: number; content: Buffer } {
    const explicit = body.subarray(0, this.#explicit ? 8 : 0);
    const text = body.subarray(explicit.length, -16);
    const decipher = createDecipheriv(this.#name, this.#key, this.#nonce(explicit), { authTagLength: 16 });
    const is13 = this.#keys.version === '1.3';
    decipher.setAAD(is13 ? head : this.#data12(head[0]!, text.length), { plaintextLength: text.length });
    decipher.setAuthTag(body.subarray(-16));
    const plain = Buffer.concat([decipher.update(text), decipher.final()]);
    this.number++;
    if (!is13) return { type: head[0]!, content: plain };
    let last = plain.length - 1;
    while (plain[last] === 0) last--;
    return { type: plain[last]!, content: plain.subarray(0, last) };
  }

  #derive(): [Buffer, Buffer] {
    const keys = this.#keys as TrafficKeys & { version: '1.3' };
    const expand = (label: string, length: number) => expandLabelHere(keys.hash, this.#secret, label, length);
    return [expand('key', keys.cipher === 'aes-128-gcm' ? 16 : 32), expand('iv', 12)];
  }

  get #name(): 'aes-128-gcm' {
    // The types know a tag's length of each mode apart; all are used alike here.
    return this.#keys.cipher as 'aes-128-gcm';
  }

  get #explicit(): boolean {
    return this.#keys.version === '1.2' && this.#keys.cipher !== 'chacha20-poly1305';
  }

  #counter(): Buffer {
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(this.number);
    return counter;
  }

  #nonce(explicit: Buffer): Buffer {
    if (explicit.length > 0) return Buffer.concat([this.#iv, explicit]);
    const nonce = Buffer.from(this.#iv);
    const counter = this.#counter();
    for (let i = 0; i < 8; i++) nonce[4 + i] = nonce[4 + i]! ^ counter[i]!;
    return nonce;
  }

  #data12(type: number, length: number): Buffer {
    return Buffer.concat([this.#counter(), Buffer.of(type, 3, 3, length >> 8, length & 0xff)]);
  }
}
