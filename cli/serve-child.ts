/** Entry of the processes of `connrig serve --processes N`; started by the supervisor, never by hand. */
import { serveAsChild } from '../server/child.ts';

if (!process.send) throw new TypeError('this file is started by connrig serve --processes');

serveAsChild({
  send: (message) => process.send?.(message),
  onMessage: (handler) => process.on('message', handler),
});

// A terminal sends its signals to all of us. The supervisor decides; with it gone, so is the channel, and so are we.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
