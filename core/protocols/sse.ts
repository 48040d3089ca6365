import type { ProtocolDescriptor } from './descriptor.ts';

const HINT = "curl -iN -H 'Accept: text/event-stream' <url>, or read the log of the target";

/** Answers of HTTP/1.1 that go on for as long as the connection is open: server-sent events. */
export const SSE: ProtocolDescriptor = {
  nouns: ['event stream', 'event streams'],
  hasPath: true,
  exchange: 'events',
  compresses: false,
  failures: {
    reset: { hint: HINT },
    'closed-early': { hint: HINT },
    'timed-out': {
      sentence: 'no event stream begins in time',
      hint: `--open-timeout with more time, or ${HINT}`,
    },
    rejected: { sentence: 'the request for an event stream was refused', hint: HINT },
    'bad-handshake': { sentence: 'the answer is no event stream', hint: HINT },
  },
  estimatedBytes: { uring: 4_500, epoll: 4_500, node: 9_500, target: 14_000 },
};
