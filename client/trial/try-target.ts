import { randomInt } from 'node:crypto';
import type { TryConfig } from '../../config/try-config.ts';
import { RigError } from '../../core/values/errors.ts';
import type { Outcome } from '../../core/values/outcomes.ts';
import { Rows } from '../../fleet/opening/rows.ts';
import { Dialogue } from '../../fleet/trial/dialogue.ts';
import { type TrialEnd, tryConnection } from '../../fleet/trial/trial.ts';
import { secretsOf } from '../conductor/discreet-recorder.ts';
import { legFleetOptions } from '../conductor/leg-fleet.ts';
import type { LegSetup } from '../leg-setup.ts';
import { checkPlaces } from '../preflight/check-plan.ts';
import { settingSecrets } from './setting-secrets.ts';
import { Transcript } from './transcript.ts';
import { trialError } from './trial-error.ts';
import type { TrialLine } from './trial-line.ts';
import { Veil } from './veil.ts';

export interface TrialDeps {
  /** Aborted when the person has seen enough. */
  readonly signal: AbortSignal;
  readonly onLine: (line: TrialLine) => void;
}

/** Another address of the host may do where one of them ends like this. */
const ELSEWHERE: ReadonlySet<Outcome | undefined> = new Set<Outcome>(['refused', 'unreachable', 'timed-out']);

/**
 * Opens one connection of a leg, shows what is said on it, and closes it.
 *
 * @param setups of the leg at each address of its host, in the order in which they are tried; at least one
 * @returns what a run ends with whose connections all go like this one; undefined where it opened and stayed open
 * @throws RigError EUSAGE, EUNREACHABLE: where it can't be tried from here
 */
export async function tryTarget(
  config: TryConfig,
  setups: readonly LegSetup[],
  deps: TrialDeps,
): Promise<RigError | undefined> {
  const { run } = config;
  const { url, index } = setups[0]!;
  const rows = run.openings[index]?.identity?.rows;
  const number = config.row ?? (rows && run.dataOrder === 'random' ? randomInt(rows.count) + 1 : 1);
  const ofRow = rows ? valuesOf(new Rows(rows), number) : [];
  const veil = new Veil([...secretsOf(run), ...ofRow, ...settingSecrets(run)], config.showSecrets);
  deps.onLine({ type: 'target', url: veil.text(url!.text), row: rows ? number : null });
  for (const [at, setup] of setups.entries()) {
    const hasOthers = at < setups.length - 1;
    if (await isOutOfReach(setup, hasOthers)) continue;
    const error = await tryAddress(config, setup, { ...deps, number, veil, hasOthers });
    if (error !== 'elsewhere') return error;
  }
  return undefined;
}

/** @throws RigError EUSAGE, EUNREACHABLE: where there is no other address */
async function isOutOfReach(setup: LegSetup, hasOthers: boolean): Promise<boolean> {
  try {
    await checkPlaces([setup], { command: undefined });
    return false;
  } catch (error) {
    if (hasOthers && error instanceof RigError) return true;
    throw error;
  }
}

interface AddressGiven extends TrialDeps {
  readonly number: number;
  readonly veil: Veil;
  readonly hasOthers: boolean;
}

async function tryAddress(
  config: TryConfig,
  setup: LegSetup,
  { signal, onLine, number, veil, hasOthers }: AddressGiven,
): Promise<RigError | undefined | 'elsewhere'> {
  const options = legFleetOptions(config.run, setup, { url: setup.url! });
  const { identity, opening } = options;
  const dialogue = new Dialogue(options.protocol.name);
  const transcript = new Transcript({ dialogue, opening, veil, isFull: config.full, onLine });
  const end = await tryConnection({
    // Any row is one that was drawn by now.
    fleet: { ...options, identity: identity && { ...identity, order: 'each' } },
    number,
    stayMs: config.stayMs,
    signal,
    onEvent: (event, elapsedMs) => transcript.note(event, elapsedMs),
  });
  if (hasOthers && ELSEWHERE.has(end.failure?.outcome) && !signal.aborted) return 'elsewhere';
  const reason = isGivenUp(end) ? interruptedTrial() : await trialError(end, setup, options);
  const error = reason && new RigError(reason.code, veil.text(reason.message), { hint: veil.text(reason.hint) });
  onLine({
    type: 'outcome',
    elapsedMs: transcript.elapsedMs,
    outcome: end.openedAfterMs === undefined ? (end.failure?.outcome ?? 'cancelled') : 'open',
    openedAfterMs: end.openedAfterMs ?? null,
    closeReason: end.loss?.reason ?? null,
    hasHidden: veil.hasHidden,
    error: error ? { code: error.code, message: error.message, hint: error.hint } : null,
  });
  return error;
}

const isGivenUp = ({ openedAfterMs, failure }: TrialEnd): boolean =>
  openedAfterMs === undefined && failure === undefined;

export const interruptedTrial = (): RigError =>
  new RigError('EINTERRUPTED', 'the trial was interrupted', {
    hint: '--open-timeout with less time ends it by itself',
  });

function valuesOf(rows: Rows, number: number): string[] {
  const row = (number - 1) % rows.count;
  return Array.from({ length: rows.columnCount }, (_, column) => Buffer.from(rows.value(row, column)).toString());
}
