import type { ProtocolDescriptor } from './descriptor.ts';

const HINT =
  "curl -iN -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' <url>, or read the log of the target";

export const WS: ProtocolDescriptor = {
  nouns: ['WebSocket', 'WebSockets'],
  hasPath: true,
  exchange: 'messages',
  compresses: true,
  failures: {
    reset: { hint: HINT },
    'closed-early': { hint: HINT },
    rejected: { sentence: 'the upgrade to WebSocket was rejected', hint: HINT },
    'bad-handshake': { sentence: 'the answer is no WebSocket handshake', hint: HINT },
  },
  estimatedBytes: { uring: 4_500, epoll: 4_500, node: 9_500, target: 12_000 },
};
