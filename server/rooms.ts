/** What goes to all in a room. */
export interface RoomMessage {
  readonly room: string;
  readonly data: Buffer;
  readonly isText: boolean;
}

/** What was said in a room, as it crosses the channel; `data` is base64. */
export interface SaidInRoom {
  readonly kind: 'said';
  readonly room: string;
  readonly data: string;
  readonly isText: boolean;
}

/** The same for one who is told: ready to be written. */
export interface Told {
  readonly data: Buffer;
  readonly isText: boolean;
  /** As a frame of ws; made once for all. */
  frame(): Buffer;
  /** As a chunk of HTTP with one event, likewise. */
  chunk(): Buffer;
}

/** How one in a room is told. */
export type Member = (told: Told) => void;

/** The place of one connection in a room. */
export interface RoomPlace {
  /** To all others, in all processes of the server. */
  say(data: Buffer, isText: boolean): void;
  leave(): void;
}

const ROOM_PATH = /^\/rooms\/([\w.-]{1,64})(?:\?|$)/;

/** Rooms of one process: what somebody in one says goes to all others in it, and not back. One that is empty takes nothing. */
export class Rooms {
  readonly #members = new Map<string, Set<Member>>();
  readonly #onSaid: (message: RoomMessage) => void;

  /** @param onSaid told of what is said here, for those in the room that other processes hold */
  constructor(onSaid: (message: RoomMessage) => void) {
    this.#onSaid = onSaid;
  }

  /** @param url the target of a request. @returns undefined where that names no room */
  joinBy(url: string | undefined, member: Member): RoomPlace | undefined {
    const room = ROOM_PATH.exec(url ?? '')?.[1];
    if (room === undefined) return undefined;
    const members = this.#members.get(room) ?? new Set();
    this.#members.set(room, members);
    members.add(member);
    return {
      say: (data, isText) => {
        const message = { room, data, isText };
        this.#tell(members, message, member);
        this.#onSaid(message);
      },
      leave: () => {
        members.delete(member);
        if (members.size === 0) this.#members.delete(room);
      },
    };
  }

  /** To all in the room, in this process. */
  publish(message: RoomMessage): void {
    const members = this.#members.get(message.room);
    if (members) this.#tell(members, message, undefined);
  }

  #tell(members: ReadonlySet<Member>, { data, isText }: RoomMessage, sender: Member | undefined): void {
    let [frame, chunk]: (Buffer | undefined)[] = [];
    const told: Told = {
      data,
      isText,
      frame: () => (frame ??= toFrame(data, isText)),
      chunk: () => (chunk ??= toChunk(data)),
    };
    for (const member of members) if (member !== sender) member(told);
  }
}

const FIN = 0x80;
const OPCODE = { text: 1, binary: 2 };

/** One final frame, unmasked as a server's are (RFC 6455, section 5.2). */
function toFrame(data: Buffer, isText: boolean): Buffer {
  const { length } = data;
  const lengthBytes = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = FIN | (isText ? OPCODE.text : OPCODE.binary);
  head[1] = lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127;
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  else if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, data]);
}

/** Each line of the data is one of the event (HTML standard, section 9.2.6). */
function toChunk(data: Buffer): Buffer {
  const lines = data.toString().replace(/\n$/, '').split('\n');
  const event = `${lines.map((line) => `data: ${line}`).join('\n')}\n\n`;
  return Buffer.from(`${Buffer.byteLength(event).toString(16)}\r\n${event}\r\n`);
}

export const toSaid = ({ room, data, isText }: RoomMessage): SaidInRoom => ({
  kind: 'said',
  room,
  data: data.toString('base64'),
  isText,
});

export const fromSaid = ({ room, data, isText }: SaidInRoom): RoomMessage => ({
  room,
  data: Buffer.from(data, 'base64'),
  isText,
});
