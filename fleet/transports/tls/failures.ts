import type { Outcome } from '../../../core/values/outcomes.ts';
import { describeAlert } from './alert-names.ts';

/** Why a handshake came to nothing. */
export interface HandshakeFailure {
  readonly outcome: Outcome;
  /** One sentence for people. */
  readonly detail: string;
  /** The peer doesn't speak TLS at all. */
  readonly isStranger: boolean;
}

/** Reasons of libssl from here on are alerts of the peer: `SSL_AD_REASON_OFFSET` of `ssl.h`. */
const FIRST_ALERT = 1000;
const LAST_ALERT = FIRST_ALERT + 255;

/** The alert of the peer that a reason of libssl stands for. */
export const alertOf = (reason: number): number | undefined =>
  reason > FIRST_ALERT && reason <= LAST_ALERT ? reason - FIRST_ALERT : undefined;

export const failure = (outcome: Outcome, detail: string): HandshakeFailure => ({ outcome, detail, isStranger: false });

/** The peer ended it by a fatal alert. @param isOpen its handshake was over */
export const alertFailure = (alert: number, isOpen: boolean): HandshakeFailure =>
  failure('tls-alert', `the peer ended it by the TLS alert ${describeAlert(alert, isOpen)}`);

/** The library can't go on with what came in a handshake. */
export const failedHere = (why: string): HandshakeFailure =>
  failure('bad-handshake', `the TLS handshake failed at this end: ${why}`);

/** The library, or ours, can't go on with a connection that was secured. */
export const brokenFailure = (why: string): HandshakeFailure => failure('bad-handshake', `the peer broke TLS: ${why}`);

/** For people: what of the peer's answer has come before the handshake was over. */
export const whatCame = (bytes: number): string =>
  bytes === 0 ? 'no answer' : `${bytes} ${bytes === 1 ? 'byte' : 'bytes'} of the TLS handshake`;

/** The peer closed before the handshake was over. @param came as {@link whatCame} has it */
export const closedEarly = (came: string): HandshakeFailure =>
  failure('closed-early', `the peer closed in its TLS handshake: ${came}`);
