import { certificateFaultOf } from '../core/values/certificate-faults.ts';
import { TLS_FAILURES } from '../core/values/tls-failures.ts';
import { systemCodeOf } from './meter.ts';

/** OpenSSL's words for bytes that are no record of TLS. */
const NO_TLS = /wrong version number|packet length too long|http request|bad record type/i;
const ALERT = / alert ([a-z ]+):.*SSL alert number (\d+)/;

export const SPEAKS_NO_TLS = 'what answers there speaks no TLS';

/** Why no answer came, as what follows the URL in a sentence. */
export function describeFailure(error: Error): string {
  // Node 24 adds what one could do, which isn't what one can do here.
  const [message = ''] = error.message.split('; if the root CA');
  const fault = certificateFaultOf(systemCodeOf(error) ?? '');
  if (fault !== undefined) return `${TLS_FAILURES[fault].sentence} (${message})`;
  if (NO_TLS.test(message)) return SPEAKS_NO_TLS;
  const [, alert, number] = ALERT.exec(message) ?? [];
  if (alert !== undefined) return `it ended the TLS handshake by alert ${number}, ${alert}`;
  return message;
}
