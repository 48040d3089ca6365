import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A server on this machine, which may take its time to start. */
export async function untilListening(port: number): Promise<void> {
  for (const deadline = performance.now() + 60_000; ; await delay(100)) {
    const socket = connect(port, '127.0.0.1');
    const isThere = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
    if (performance.now() > deadline) throw new Error(`nothing listens at port ${port}`);
  }
}
