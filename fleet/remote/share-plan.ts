/** What travels of a fleet's options, and by whom it may have been sent. */
import { RigError } from '../../core/values/errors.ts';
import type { EngineName } from '../engines/index.ts';
import type { FleetIdentity, FleetOptions } from '../fleet.ts';
import type { LayoutNeed } from '../local/layout.ts';
import type { NetworkPlace } from './loopback.ts';
import { ShareJob } from './messages.ts';
import { fromPlainJson, toPlainJson } from './plain-json.ts';
import { openSealed, type SealPlace, sealBytes, sign, verified } from './seal.ts';

/** Our end of a connection in user space and kernel, and its port, with those that rest after one was closed: ≥ 1. */
export interface TakenByEach {
  readonly bytes: Readonly<Record<EngineName, number>>;
  readonly ports: number;
}

/** How the connections of a share are, wherever it is held; the layout follows from the machine. */
export interface SharePlan
  extends Omit<FleetOptions, 'threadEntry' | 'layout' | 'capacity' | 'marks' | 'identity' | 'publishing'> {
  readonly layout: Pick<LayoutNeed, 'engine' | 'loopback' | 'workers'>;
  /** Without rows: these are in the memory of one process. */
  readonly identity?: Omit<FleetIdentity, 'rows'> | undefined;
  /** What one connection takes of a machine that holds it. */
  readonly takes: TakenByEach;
  /** Where the target's address is the target's: it is a loopback address. undefined: everywhere. */
  readonly loopbackOf?: NetworkPlace | undefined;
  /** A number that all shares have in common; see `FleetMarks`. */
  readonly markedRun: number;
  /** What is hidden in texts for people: servers repeat what they were asked. */
  readonly secrets: readonly string[];
}

type ShareOfRun = Pick<ShareJob, 'run' | 'epoch' | 'share'>;
/** A job before it is signed, with its plan open. */
export type OpenShare = Omit<ShareJob, 'signature' | 'plan'> & { readonly plan: SharePlan };

const placeOf = ({ run, epoch, share }: ShareOfRun): SealPlace => ({ what: 'plan', run, epoch, share });
/** What is signed says of which run it is. */
const JOB: SealPlace = { what: 'job', run: '' };

/** @param token that the fleet has in common; undefined: it has none, and the plan lies in clear */
export function signShare({ plan, ...job }: OpenShare, token: string | undefined): ShareJob {
  const sealed = sealBytes(Buffer.from(toPlainJson(plan)), token, placeOf(job)).toString('base64');
  const unsigned = { ...job, plan: sealed };
  const signed = sign(JSON.stringify(unsigned), token, JOB);
  return { ...unsigned, signature: token === undefined ? '' : signed.slice(0, signed.indexOf(' ')) };
}

/**
 * Reads a job, and looks first whether it comes from one who has the token. Nothing of its plan is read.
 *
 * @param version of this connrig
 * @throws RigError EFLEETTOKEN, EFLEETVERSION, EFLEETPLAN when it is no job of ours
 */
export function readShare(data: unknown, version: string, token: string | undefined): ShareJob {
  const { signature = '', ...unsigned } = typeof data === 'object' && data !== null ? (data as Unread) : {};
  // Members come back in the order in which they were written, whatever version did.
  const isOurs =
    token === undefined
      ? signature === ''
      : verified(`${signature} ${JSON.stringify(unsigned)}`, token, JOB) !== undefined;
  if (!isOurs) {
    throw new RigError('EFLEETTOKEN', `a share of a run was ${mismatch(signature, token)}`, {
      hint: 'export the same CONNRIG_FLEET_TOKEN for connrig run and for each worker',
    });
  }
  const theirs = versionOf(unsigned);
  if (theirs !== version) {
    const sentence = `the run is of connrig ${theirs}, this worker of ${version}`;
    throw new RigError('EFLEETVERSION', sentence, { hint: 'have the same version everywhere' });
  }
  const read = ShareJob.safeParse(data);
  if (!read.success) {
    const hint = 'have the same version of connrig everywhere';
    throw new RigError('EFLEETPLAN', 'a job in the queue is no share of a run', { hint, cause: read.error });
  }
  return read.data;
}

type Unread = { readonly signature?: unknown; readonly version?: unknown };

/** It may come from anybody: what is shown of it is short, and has no control characters. */
const versionOf = ({ version = 'an unknown version' }: Unread): string =>
  String(version)
    .replace(/[^\w.+ -]/g, '?')
    .slice(0, 40);

function mismatch(signature: unknown, token: string | undefined): string {
  if (signature === '') return 'not signed, and this worker has a token';
  return token === undefined
    ? 'signed, and this worker has no token'
    : 'signed with another token than that of this worker';
}

/**
 * The plan of a job that {@link readShare} gave.
 *
 * @throws RigError EFLEETPLAN when it is none, EFLEETTOKEN
 */
export function openPlan(job: ShareJob, token: string | undefined): SharePlan {
  const bytes = openSealed(Buffer.from(job.plan, 'base64'), token, placeOf(job));
  let plan: SharePlan;
  try {
    plan = fromPlainJson(bytes.toString()) as SharePlan;
    // What a plan that isn't one fails at first.
    void [plan.layout.engine, plan.destinations.length, plan.protocol.name, plan.behaviour.kind];
  } catch (cause) {
    const hint = 'have the same version of connrig everywhere';
    throw new RigError('EFLEETPLAN', 'the plan of a share can not be read', { hint, cause });
  }
  if (plan.opening?.module !== undefined) {
    const hint = 'run it without --fleet, or say it by steps of --opening';
    throw new RigError('EFLEETPLAN', 'the run has a module of its own, and a worker runs no code of others', { hint });
  }
  return plan;
}
