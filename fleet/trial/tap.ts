import type { Destination, Engine, SecuredEngineEvents } from '../engines/engine.ts';
import type { TrialEvent } from './trial-event.ts';

/** Between an engine and who holds its connections: tells what passes, and changes nothing. */
type Tell = (event: TrialEvent) => void;

/** @param events of who holds the connections */
export function tapEvents(events: SecuredEngineEvents, tell: Tell): SecuredEngineEvents {
  return {
    onConnected(slot) {
      tell({ kind: 'connected' });
      events.onConnected(slot);
    },
    onSecured(slot) {
      tell({ kind: 'secured' });
      events.onSecured(slot);
    },
    onBytes(slot, bytes) {
      tell({ kind: 'received', bytes });
      events.onBytes(slot, bytes);
    },
    onEnd(slot) {
      tell({ kind: 'ended', by: 'server' });
      events.onEnd(slot);
    },
    onSecureFailure: (...failure) => events.onSecureFailure(...failure),
    onGone(slot, cause, detail) {
      events.onGone(slot, cause, detail);
      tell({ kind: 'gone', cause });
    },
  };
}

/** A Unix socket has a path in place of an address. */
function placeOf(destination: Destination): string {
  if ('path' in destination) return destination.path;
  const { ip, port } = destination;
  return `${ip.includes(':') ? `[${ip}]` : ip}:${port}`;
}

/** The engine as its connections' holder has it. */
export function tapEngine(engine: Engine, tell: Tell): Engine {
  let isFinished = false;
  return {
    name: engine.name,
    ...(engine.tls && { tls: engine.tls }),
    open(slot, destination, sourceIp) {
      isFinished = false;
      tell({ kind: 'connecting', at: placeOf(destination) });
      engine.open(slot, destination, sourceIp);
    },
    write(slot, bytes, replaces) {
      if (!isFinished && bytes.length > 0) tell({ kind: 'sent', bytes });
      return engine.write(slot, bytes, replaces);
    },
    isQueued: (slot) => engine.isQueued(slot),
    finish(slot) {
      if (!isFinished) tell({ kind: 'ended', by: 'us' });
      isFinished = true;
      engine.finish(slot);
    },
    abort(slot) {
      tell({ kind: 'dropped' });
      engine.abort(slot);
    },
    leave: (slot) => engine.leave(slot),
    pauseReading: (slot) => engine.pauseReading(slot),
    resumeReading: (slot) => engine.resumeReading(slot),
    descriptorOf: (slot) => engine.descriptorOf(slot),
    turn: (maxWaitMs) => engine.turn(maxWaitMs),
    forEachUnread: (visit) => engine.forEachUnread(visit),
    dispose: () => engine.dispose(),
  };
}
