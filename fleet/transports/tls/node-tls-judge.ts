import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { certificateFaultOf } from '../../../core/values/certificate-faults.ts';
import { certificateFailure } from './certificate-failure.ts';
import {
  alertFailure,
  alertOf,
  brokenFailure,
  closedEarly,
  failedHere,
  type HandshakeFailure,
  whatCame,
} from './failures.ts';
import type { TlsOptions } from './tls-options.ts';

/** An error of `node:tls`: where it is OpenSSL's, with the reason in words. */
interface NodeTlsError extends NodeJS.ErrnoException {
  readonly reason?: string;
}

/** Where the first bytes aren't those of a record. */
const NO_TLS = 'ERR_SSL_WRONG_VERSION_NUMBER';
const OPENSSL_ERROR = /^(?:ERR_(?:SSL|OSSL|TLS)_|EPROTO$)/;
/** A packed error code of libssl (`ERR_LIB_SSL` is 20): the reason in six hexadecimal digits. */
const REASON = /\berror:0A([0-9A-F]{6}):/i;

/**
 * What an error of a socket has come to.
 *
 * @param cameBytes what has come of the peer, if the handshake isn't over; else undefined
 * @returns undefined when it has nothing to do with TLS
 */
export function judgeNodeTlsError(error: NodeTlsError, cameBytes: number | undefined): HandshakeFailure | undefined {
  const isShaking = cameBytes !== undefined;
  // What node:tls says of a peer that ends before the handshake does has no system call.
  if (isShaking && error.code === 'ECONNRESET' && error.syscall === undefined) return closedEarly(whatCame(cameBytes));
  if (!OPENSSL_ERROR.test(error.code ?? '')) return undefined;
  const alert = alertOf(Number.parseInt(REASON.exec(error.message)?.[1] ?? '0', 16));
  if (alert !== undefined) return alertFailure(alert, !isShaking);
  const reason = error.reason ?? error.message;
  if (!isShaking) return brokenFailure(reason);
  if (error.code !== NO_TLS) return failedHere(reason);
  const detail = `it speaks no TLS: the ${cameBytes} bytes that it answered are no record of TLS`;
  return { outcome: 'bad-handshake', detail, isStranger: true };
}

/** @returns what speaks against the certificate of a peer that has just been secured */
export function judgeNodeTlsPeer(
  socket: TLSSocket,
  own: X509Certificate | undefined,
  { servername }: TlsOptions,
): HandshakeFailure | undefined {
  const code = socket.authorized ? undefined : String(socket.authorizationError);
  if (code === undefined && socket.isSessionReused()) return undefined;
  if (code === undefined && own !== undefined && isFor(own, servername)) return undefined;
  const fault = code === undefined ? 'cert-name' : (certificateFaultOf(code) ?? 'cert-untrusted');
  const why = code === undefined ? 'it is for other names' : (WORDS[code] ?? code.toLowerCase().replaceAll('_', ' '));
  return certificateFailure(fault, chainOf(own), { why, isOver: code === 'CERT_HAS_EXPIRED' });
}

/** As OpenSSL puts it. */
const WORDS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  SELF_SIGNED_CERT_IN_CHAIN: 'self-signed certificate in certificate chain',
  UNABLE_TO_GET_ISSUER_CERT: 'unable to get issuer certificate',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unable to get local issuer certificate',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
};

const isFor = (certificate: X509Certificate, servername: string): boolean =>
  (isIP(servername) === 0
    ? certificate.checkHost(servername, { partialWildcards: false })
    : certificate.checkIP(servername)) !== undefined;

function chainOf(own: X509Certificate | undefined): readonly X509Certificate[] {
  const chain: X509Certificate[] = [];
  for (let next = own; next !== undefined && next !== chain.at(-1); next = next.issuerCertificate) chain.push(next);
  return chain;
}
