import type { ProtocolDescriptor } from './descriptor.ts';

const HINT = 'curl -v <url>, or read the log of the target';

/** HTTP/1.1 connections that are kept open between requests. */
export const HTTP: ProtocolDescriptor = {
  nouns: ['HTTP connection', 'HTTP connections'],
  hasPath: true,
  exchange: 'requests',
  compresses: false,
  failures: {
    reset: { hint: HINT },
    'closed-early': { hint: HINT },
    rejected: { sentence: 'the first request was refused', hint: HINT },
    'bad-handshake': { sentence: 'the answer is no HTTP/1.1', hint: HINT },
  },
  estimatedBytes: { uring: 4_500, epoll: 4_500, node: 9_500, target: 14_000 },
};
