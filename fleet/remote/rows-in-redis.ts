/**
 * Rows of `--data` on their way from the conductor to those who hold shares. They lie in Redis for as long as the run goes on: whoever
 * takes a share up later needs them as well. They are in pieces, each sealed with the token of the fleet.
 *
 *     hash  {prefix}:RUN:rows:SHARE   from 0 the number of a piece → the piece, sealed
 *
 * A piece, open: its number and how many there are (32 bits each, little end first), then rows, one behind the other.
 */
import type { Redis } from 'ioredis';
import { RigError } from '../../core/values/errors.ts';
import type { FleetIdentity } from '../fleet.ts';
import { Rows, RowsWriter, rowEnd, type SharedRows } from '../opening/rows.ts';
import { openSealed, type SealPlace, sealBytes } from './seal.ts';
import { rowsOfShare } from './share-rows.ts';

const PIECE_BYTES = 1 << 20;
const HEAD_BYTES = 8;
/** Said anew each second; a conductor that was killed leaves them for so long. */
const KEPT_MS = 60_000;

interface RowsGiven {
  readonly redis: Redis;
  readonly keyOf: (share: number) => string;
  readonly run: string;
  readonly token: string | undefined;
  readonly identity: FleetIdentity | undefined;
  readonly shares: number;
  /** The most connections of a share at once, open and on their way. */
  readonly most: number;
}

const placeOf = (run: string, share: number): SealPlace => ({ what: 'rows', run, share });

/** The conductor's side of it. Does nothing where connections have no rows. */
export class RowsInRedis {
  readonly #given: RowsGiven;
  readonly #rows: SharedRows | undefined;

  /** @throws RigError EFLEETTOKEN where there are rows and no token */
  constructor(given: RowsGiven) {
    this.#given = given;
    this.#rows = given.identity?.rows;
    if (this.#rows !== undefined && given.token === undefined)
      throw new RigError('EFLEETTOKEN', 'rows of --data go through Redis, and are sealed with the token of the fleet', {
        hint: 'export the same CONNRIG_FLEET_TOKEN for connrig run and for each worker',
      });
  }

  /** Puts those of each share where its holder finds them; again where Redis came back without them. */
  async put(): Promise<void> {
    for (let share = 0; this.#rows !== undefined && share < this.#given.shares; share++) {
      await this.#putShare(share, this.#rows);
      await this.renew();
    }
  }

  /** They are wanted on. */
  async renew(): Promise<void> {
    await Promise.all(this.#keys().map((key) => this.#given.redis.pexpire(key, KEPT_MS)));
  }

  async remove(): Promise<void> {
    const keys = this.#keys();
    if (keys.length > 0) await this.#given.redis.del(...keys);
  }

  /** How many connections a share can have, for want of rows. */
  mostOf(share: number): number {
    const { identity, shares } = this.#given;
    if (this.#rows === undefined || identity?.order !== 'each') return Number.POSITIVE_INFINITY;
    return Math.max(0, Math.ceil((this.#rows.count - share) / shares));
  }

  #keys(): string[] {
    const { keyOf, shares } = this.#given;
    return this.#rows === undefined ? [] : Array.from({ length: shares }, (_, share) => keyOf(share));
  }

  async #putShare(share: number, shared: SharedRows): Promise<void> {
    const { redis, keyOf, run, token, identity, shares, most } = this.#given;
    const key = keyOf(share);
    const rows = new Rows(shared);
    const numbers = (): Generator<number> => rowsOfShare(identity!.order, shared.count, { share, shares }, most);
    let pieces = 0;
    for (const _ of piecesOf(rows, numbers())) pieces++;
    let piece = 0;
    for (const bytes of piecesOf(rows, numbers())) {
      bytes.writeUInt32LE(piece, 0);
      bytes.writeUInt32LE(pieces, 4);
      await redis.hset(key, String(piece++), sealBytes(bytes, token, placeOf(run, share)));
      await redis.pexpire(key, KEPT_MS);
    }
  }
}

/** There is one at least. Each has room for its head. */
function* piecesOf(rows: Rows, numbers: Iterable<number>): Generator<Buffer> {
  let parts: Uint8Array[] = [new Uint8Array(HEAD_BYTES)];
  let length = HEAD_BYTES;
  for (const number of numbers) {
    const row = rows.row(number);
    parts.push(row);
    length += row.length;
    if (length < PIECE_BYTES) continue;
    yield Buffer.concat(parts);
    parts = [new Uint8Array(HEAD_BYTES)];
    length = HEAD_BYTES;
  }
  yield Buffer.concat(parts);
}

interface ShareOfRows {
  readonly run: string;
  readonly share: number;
  readonly columns: readonly string[];
  readonly token: string | undefined;
}

/**
 * The rows of a share, by whoever holds it.
 *
 * @throws RigError EFLEETPLAN where they aren't all there, EFLEETTOKEN where somebody else wrote them
 */
export async function fetchRows(redis: Redis, key: string, of: ShareOfRows): Promise<SharedRows> {
  const place = placeOf(of.run, of.share);
  const writer = new RowsWriter(of.columns, PIECE_BYTES);
  for (let piece = 0, pieces = 1; piece < pieces; piece++) {
    const sealed = await redis.hgetBuffer(key, String(piece));
    if (sealed === null) throw missing(of);
    const bytes = openSealed(sealed, of.token, place);
    if (bytes.readUInt32LE(0) !== piece) throw missing(of);
    pieces = bytes.readUInt32LE(4);
    for (let at = HEAD_BYTES; at < bytes.length; ) {
      const end = rowEnd(bytes, at, of.columns.length);
      writer.addRow(bytes.subarray(at, end));
      at = end;
    }
  }
  return writer.finish();
}

const missing = ({ share, run }: ShareOfRows): RigError =>
  new RigError('EFLEETPLAN', `rows of share ${share + 1} of run ${run} are not in Redis`, {
    hint: 'have Redis keep all keys: CONFIG SET maxmemory-policy noeviction',
  });
