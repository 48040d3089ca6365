import type { Transport, TransportEvents } from '../transport.ts';
import type { Agreement, TlsOptions } from './tls-options.ts';

export function createTlsTransport(
  _options: TlsOptions,
  _slots: number,
  _events: TransportEvents,
  _onAgreed: (agreement: Agreement) => void,
): Transport {
  throw new TypeError('there is no TLS yet');
}
