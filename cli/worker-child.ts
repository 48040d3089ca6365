/** Entry of the process that holds the connections of a `connrig worker`; started by that, never by hand. */
import { THREAD_ENTRY } from '../client/conductor/thread-entry.ts';
import { formatError, RigError } from '../core/values/errors.ts';
import { holdShare } from '../fleet/remote/hold-share.ts';
import type { FromHolder, ToHolder } from '../fleet/remote/share-process.ts';

// For each connection that ends, streams make errors that nobody sees; their stack traces are the dearest part of it.
if (!process.env['CONNRIG_DEBUG']) Error.stackTraceLimit = 0;

if (!process.send) throw new TypeError('this file is started by connrig worker');

// A terminal sends its signals to all of us. The process that has the lease decides.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const handlers = new Set<(message: ToHolder) => void>();
process.on('disconnect', () => {
  if (handlers.size === 0) process.exit();
});
process.on('message', async (message: ToHolder) => {
  if (message.type !== 'hold') {
    for (const handle of handlers) handle(message);
    return;
  }
  const lease = {
    onMessage: (handler: (message: ToHolder) => void) => void handlers.add(handler),
    onLeaseGone: (handler: () => void) => void process.on('disconnect', handler),
    say: (line: string) => void process.stderr.write(`${line}\n`),
    exit: () => process.exit(),
  };
  const said = await holdShare(message, lease, THREAD_ENTRY).then(
    (ending): FromHolder => ({ type: 'over', ending }),
    (error: unknown): FromHolder => ({
      type: 'failed',
      code: error instanceof RigError ? error.code : 'EDEFECT',
      sentence: error instanceof RigError ? error.message : formatError(error),
    }),
  );
  if (!process.connected) process.exit();
  process.send!(said, () => process.exit());
});
