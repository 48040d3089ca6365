import { setImmediate as immediate } from 'node:timers/promises';
import type { Outcome } from '../../core/values/outcomes.ts';
import type { Destination, EndCause, Engine, EngineEvents } from '../../fleet/engines/engine.ts';
import type {
  MessageProtocol,
  Protocol,
  ProtocolEvents,
  RequestProtocol,
  Slot,
  TalkingProtocol,
} from '../../fleet/protocols/protocol.ts';

/** What became of one slot, in the order in which it was found. */
export interface SlotLog {
  opened: boolean;
  /** Without the extension that was offered. */
  isDeclined: boolean;
  failure: { outcome: Outcome; detail: string } | undefined;
  received: Uint8Array[];
  messages: number;
  /** Status classes of answers. */
  answers: number[];
  peerClose: string | undefined;
  protocolError: string | undefined;
  gone: { cause: EndCause; detail: string } | undefined;
}

export interface Rig {
  readonly engine: Engine;
  readonly protocol: Protocol;
  log(slot: Slot): SlotLog;
  open(slot: Slot, destination: Destination, sourceIp?: string): void;
  send(slot: Slot, payload: Uint8Array): void;
  ask(slot: Slot): void;
  beat(slot: Slot): void;
  /** Closes as the protocol does: goodbye, the peer's answer, FIN. */
  close(slot: Slot): void;
  /** Lets things happen until `done`; fails after `deadlineMs`. Servers in this process get their turns too. */
  until(done: () => boolean, what: string, deadlineMs?: number): Promise<void>;
}

const DEADLINE_MS = 20_000;

/** The plainest driver of an engine with a protocol on top, and a record of all it hears. */
export function createRig(
  makeEngine: (events: EngineEvents) => Engine,
  makeProtocol: (events: ProtocolEvents) => Protocol,
): Rig {
  const logs = new Map<Slot, SlotLog>();
  const log = (slot: Slot): SlotLog => logs.get(slot)!;
  const protocol = makeProtocol({
    onOpen: (slot, isDeclined = false) => {
      log(slot).opened = true;
      log(slot).isDeclined = isDeclined;
    },
    onHandshakeFailure: (slot, outcome, detail, isStranger = false) => {
      log(slot).failure ??= { outcome, detail };
      if (isStranger) engine.abort(slot);
      else engine.finish(slot);
    },
    onPayload: (slot, bytes, last) => {
      log(slot).received.push(Buffer.from(bytes));
      if (last) log(slot).messages++;
    },
    onAnswer: (slot, statusClass) => {
      log(slot).answers.push(statusClass);
    },
    onReply: (slot, bytes) => engine.write(slot, bytes),
    onPeerClose: (slot, detail) => {
      log(slot).peerClose ??= detail;
      engine.finish(slot);
    },
    onProtocolError: (slot, detail) => {
      log(slot).protocolError ??= detail;
      engine.finish(slot);
    },
  });
  const engine = makeEngine({
    onConnected(slot) {
      const hello = protocol.hello(slot);
      if (hello) engine.write(slot, hello);
      if (!protocol.awaitsAnswer) log(slot).opened = true;
    },
    onBytes: (slot, bytes) => protocol.onBytes(slot, bytes),
    onEnd(slot) {
      protocol.onEnd(slot);
      engine.finish(slot);
    },
    onGone(slot, cause, detail) {
      if (log(slot).gone) throw new Error(`slot ${slot} went twice`);
      log(slot).gone = { cause, detail };
      protocol.release(slot);
    },
  });
  return {
    engine,
    protocol,
    log,
    open(slot, destination, sourceIp) {
      logs.set(slot, {
        opened: false,
        isDeclined: false,
        failure: undefined,
        received: [],
        messages: 0,
        answers: [],
        peerClose: undefined,
        protocolError: undefined,
        gone: undefined,
      });
      engine.open(slot, destination, sourceIp);
    },
    send: (slot, payload) => engine.write(slot, (protocol as MessageProtocol).message(slot, payload)),
    beat: (slot) => engine.write(slot, (protocol as TalkingProtocol).heartbeat(slot)),
    ask: (slot) => engine.write(slot, (protocol as RequestProtocol).request(slot)),
    close(slot) {
      const goodbye = protocol.goodbye(slot);
      if (goodbye) engine.write(slot, goodbye);
      else engine.finish(slot);
    },
    until: (done, what, deadlineMs) => turnUntil(engine, done, what, deadlineMs),
  };
}

/** Takes turns until `done`. An engine may block its thread in a turn: servers in this process run in between. */
export async function turnUntil(
  engine: Engine,
  done: () => boolean,
  what: string,
  deadlineMs = DEADLINE_MS,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`gave up waiting: ${what}`);
    await engine.turn(2);
    await immediate();
  }
}
