import type { ProtocolDescriptor } from './descriptor.ts';

const HINT = 'read the log of the target; --send-on-open, where it waits for words';

export const TCP: ProtocolDescriptor = {
  nouns: ['TCP connection', 'TCP connections'],
  hasPath: false,
  exchange: 'messages',
  isStream: true,
  compresses: false,
  failures: {
    reset: { hint: HINT },
    'closed-early': { hint: HINT },
  },
  estimatedBytes: { uring: 4_500, epoll: 4_500, node: 9_000, target: 9_000 },
};
