import type { Agreement } from '../../core/schemas/tls.ts';
import type { CloseReason, Outcome } from '../../core/values/outcomes.ts';
import type { ShownSaid } from './shown-said.ts';

/** What a trial shows, one after the other; with `--json` each is an object on a line of its own. Times are since it began. */
export type TrialLine =
  | {
      readonly type: 'target';
      readonly url: string;
      /** Which row of --data it has, from 1; null: there are none. */
      readonly row: number | null;
    }
  | ({ readonly type: 'stage'; readonly elapsedMs: number } & TrialStage)
  | ({ readonly type: 'said'; readonly elapsedMs: number; readonly by: 'us' | 'server' } & ShownSaid)
  | {
      readonly type: 'outcome';
      readonly elapsedMs: number;
      readonly outcome: Outcome;
      /** null: it did not open. */
      readonly openedAfterMs: number | null;
      /** Why it closed before it was to; null: it did not. */
      readonly closeReason: CloseReason | null;
      /** Whether *** stands for something. */
      readonly hasHidden: boolean;
      readonly error: { readonly code: string; readonly message: string; readonly hint: string } | null;
    };

/** How far a connection is. */
export type TrialStage =
  | { readonly stage: 'connecting'; readonly to: string }
  | { readonly stage: 'connected' | 'secured' | 'open' | 'dropped' }
  | { readonly stage: 'agreed'; readonly agreement: Agreement }
  /** A step of the opening, from 1. */
  | { readonly stage: 'step'; readonly step: number; readonly of: number; readonly text: string }
  /** Nothing more comes from one of both. */
  | { readonly stage: 'ended'; readonly by: 'us' | 'server' }
  | { readonly stage: 'failed'; readonly outcome: Outcome; readonly detail: string }
  | { readonly stage: 'lost'; readonly reason: CloseReason; readonly detail: string }
  | { readonly stage: 'gone'; readonly cause: string }
  /** So much was said that the rest is left out. */
  | { readonly stage: 'silent' };
