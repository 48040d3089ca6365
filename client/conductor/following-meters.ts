import type { Meters } from '../../memory/meter-set.ts';

/**
 * Meters of a target whose process may be another one later: each reading is by those that are open for the one that is there.
 *
 * @param open for a process; asked again once `present` is another value
 */
export function followMeters<P>(present: () => P, open: (process: P) => Meters): Meters {
  let seen = present();
  let meters = open(seen);
  const now = (): Meters => {
    const process = present();
    if (process !== seen) [seen, meters] = [process, open(process)];
    return meters;
  };
  return {
    read: (options) => now().read(options),
    withLists: (readings, connections) => now().withLists(readings, connections),
    readSockets: () => now().readSockets(),
    rehearse: () => now().rehearse(),
    readQuick: () => now().readQuick(),
    readLive: () => now().readLive(),
    readEnds: () => now().readEnds(),
    readHeap: () => now().readHeap(),
  };
}
