import type { OpeningFormat } from '../../core/opening/format.ts';
import type { OpeningPlan } from '../../core/opening/plan.ts';
import type { LegOpeningRecord } from '../../core/schemas/leg.ts';
import type { FleetIdentity } from '../../fleet/fleet.ts';
import type { RequestWords } from '../../fleet/protocols/request-words.ts';
import type { OpenedDialect } from '../dialects.ts';
import type { DataFile } from './data-file.ts';

/** What the connections of a leg say until they are open. Secret: it goes into no record, log or message. */
export interface LegOpening {
  readonly words: RequestWords | undefined;
  /** In place of the URL's host and port. */
  readonly hostHeader: string | undefined;
  readonly subprotocols: readonly string[];
  readonly plan: OpeningPlan | undefined;
  /** What tells connections apart; undefined: they all say the same. */
  readonly identity: FleetIdentity | undefined;
  /** Values that stand in it, which servers may repeat and nobody else is to read. */
  readonly secrets: readonly string[];
  /** What others may read of it; null: there is nothing to tell. */
  readonly recorded: LegOpeningRecord | null;
}

/** What was read of files. */
export interface OpeningSources {
  readonly data: DataFile | undefined;
  readonly dialect: OpenedDialect | undefined;
  readonly own: OwnOpening | undefined;
}

/** An opening of the user's, and the file that it stood in. */
export interface OwnOpening {
  readonly format: OpeningFormat;
  readonly from: string | undefined;
}
