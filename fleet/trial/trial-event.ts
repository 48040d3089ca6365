import type { CloseReason, Outcome } from '../../core/values/outcomes.ts';
import type { EndCause } from '../engines/engine.ts';
import type { Agreement } from '../transports/tls/tls-options.ts';

/** What happens to a connection that is tried, as it happens. */
export type TrialEvent =
  /** Begun to connect, to `127.0.0.1:3000` say. */
  | { readonly kind: 'connecting'; readonly at: string }
  /** TCP is established. */
  | { readonly kind: 'connected' }
  /** TLS is; what was agreed on comes before or after it. */
  | { readonly kind: 'secured' }
  | { readonly kind: 'agreed'; readonly agreement: Agreement }
  /** Bytes as they are without TLS, whether there is TLS or not; valid during the call only. */
  | { readonly kind: 'sent'; readonly bytes: Uint8Array }
  | { readonly kind: 'received'; readonly bytes: Uint8Array }
  /** A step of the opening is begun, from 0. */
  | { readonly kind: 'step'; readonly step: number }
  /** It can be used. */
  | { readonly kind: 'open' }
  /** It did not open. */
  | ({ readonly kind: 'failed' } & TrialFailure)
  /** It opened, and did not stay open. */
  | ({ readonly kind: 'lost' } & TrialLoss)
  /** One of both said that nothing more comes from it: FIN, or close_notify. */
  | { readonly kind: 'ended'; readonly by: 'us' | 'server' }
  /** We reset it. */
  | { readonly kind: 'dropped' }
  /** Nothing is left of it. */
  | { readonly kind: 'gone'; readonly cause: EndCause };

export interface TrialFailure {
  readonly outcome: Outcome;
  readonly detail: string;
}

export interface TrialLoss {
  readonly reason: CloseReason;
  readonly detail: string;
}
