import { test } from 'node:test';
import { needs } from '../support/needs.ts';
import { holdAndClose } from './held.ts';

const OPTIONS = { timeout: 600_000, skip: needs('go') };

test('every WebSocket over TLS answers a ping and is closed by 1000, close_notify and FIN', OPTIONS, async () => {
  await holdAndClose('epoll', 1000);
});

test('it is so over the node engine and several workers, and with TLS 1.2', OPTIONS, async () => {
  await holdAndClose('node', 200, {}, 2);
  await holdAndClose('epoll', 200, { versions: ['1.2'] }, 2);
});
