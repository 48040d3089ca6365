import { isIP } from 'node:net';
import { connect } from 'node:tls';

const PATIENCE_MS = 2000;
/** Alerts of the peer come as errors that are named after them: to have got one takes TLS. */
const ALERT = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_ALERT_/;

/**
 * Whether what listens there shakes hands as TLS does, whomever its certificate is for.
 *
 * @param address where, a name or an IP address
 * @param host whom it is asked for, likewise
 */
export async function answersTls(address: string, port: number, host: string): Promise<boolean> {
  const servername = isIP(host) > 0 ? {} : { servername: host };
  const socket = connect({ host: address, port, rejectUnauthorized: false, timeout: PATIENCE_MS, ...servername });
  try {
    return await new Promise<boolean>((resolve) => {
      socket.once('secureConnect', () => resolve(true));
      socket.once('timeout', () => resolve(false));
      socket.once('close', () => resolve(false));
      socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(ALERT.test(code)));
    });
  } finally {
    socket.destroy();
  }
}
