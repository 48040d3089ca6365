import type { Slot } from '../protocols/protocol.ts';
import type { Connections, SlowEnds } from './behaviour.ts';

/** Our ends of some connections, put together by address. Asks the system once for each. */
export function endsOf(
  { localEnd }: Pick<Connections, 'localEnd'>,
  forEach: (visit: (slot: Slot) => void) => void,
): SlowEnds[] {
  const found = new Map<string, { address: SlowEnds['address']; peerPort: number; ports: number[] }>();
  forEach((slot) => {
    const end = localEnd(slot);
    if (end === undefined) return;
    const { address, peerPort, port } = end;
    const key = `${address} ${peerPort}`;
    const same = found.get(key);
    if (same) same.ports.push(port);
    else found.set(key, { address, peerPort, ports: [port] });
  });
  return [...found.values()].map((one) => ({ ...one, ports: Uint16Array.from(one.ports) }));
}
