import { certificateFaultOf } from '../core/values/certificate-faults.ts';
import { systemCodeOf } from './meter.ts';

/** OpenSSL's words for bytes that are no record of TLS. */
const NO_TLS = /wrong version number|packet length too long|http request|bad record type/i;
const ALERT = / alert ([a-z ]+):.*SSL alert number (\d+)/;

export const SPEAKS_NO_TLS = 'what answers there speaks no TLS';

/** Why no answer came, as what follows the URL in a sentence. */
export function describeFailure(error: Error): string {
  const code = systemCodeOf(error) ?? '';
  // Node 24 adds what one could do, which isn't what one can do here.
  const [message = ''] = error.message.split('; if the root CA');
  if (certificateFaultOf(code) !== undefined) return `its certificate won't do: ${message} (${code})`;
  if (NO_TLS.test(message)) return SPEAKS_NO_TLS;
  const [, alert, number] = ALERT.exec(message) ?? [];
  if (alert !== undefined) return `it ended the TLS handshake by alert ${number}, ${alert}`;
  return message;
}
