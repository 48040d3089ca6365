/** Entry of the processes of `connrig serve --processes N`; started by the supervisor, never by hand. */
import { serveAsChild } from '../server/child.ts';

// For each connection that ends, streams make errors that nobody sees; their stack traces are the dearest part of it.
if (!process.env['CONNRIG_DEBUG']) Error.stackTraceLimit = 0;

if (!process.send) throw new TypeError('this file is started by connrig serve --processes');

serveAsChild({
  send: (message) => process.send?.(message),
  onMessage: (handler) => process.on('message', handler),
});

// A terminal sends its signals to all of us. The supervisor decides; with it gone, so is the channel, and so are we.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
process.on('disconnect', () => process.exit());
