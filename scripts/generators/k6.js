// Holds COUNT idle WebSockets as https://grafana.com/docs/k6/latest/javascript-api/k6-websockets/ recommends for many
// connections: by k6/websockets, whose event loop serves them all in one VU. WINDOW attempts are under way at once. With RECEIVES each
// listens to what comes.
import { WebSocket } from 'k6/websockets';

export const options = {
  discardResponseBodies: true,
  systemTags: [],
  scenarios: { hold: { executor: 'per-vu-iterations', vus: 1, iterations: 1, maxDuration: '1h', gracefulStop: '0s' } },
};

export default function hold() {
  let left = Number(__ENV.COUNT);
  const next = () => {
    if (left === 0) return;
    left -= 1;
    const socket = new WebSocket(__ENV.TARGET);
    socket.onopen = next;
    if (__ENV.RECEIVES) socket.onmessage = () => {};
  };
  for (let i = 0; i < Number(__ENV.WINDOW); i++) next();
}
