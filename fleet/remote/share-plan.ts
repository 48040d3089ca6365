/** What travels of a fleet's options, and by whom it may have been sent. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { deserialize, serialize } from 'node:v8';
import { RigError } from '../../core/values/errors.ts';
import type { EngineName } from '../engines/index.ts';
import type { FleetIdentity, FleetOptions } from '../fleet.ts';
import type { LayoutNeed } from '../local/layout.ts';
import type { NetworkPlace } from './loopback.ts';
import { ShareJob } from './messages.ts';

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
}

export const packPlan = (plan: SharePlan): string => serialize(plan).toString('base64');

/** @throws RigError EFLEETPLAN when it is none */
export function unpackPlan({ plan }: Pick<ShareJob, 'plan'>): SharePlan {
  try {
    return deserialize(Buffer.from(plan, 'base64')) as SharePlan;
  } catch (cause) {
    throw new RigError('EFLEETPLAN', 'the plan of a share can not be read', {
      hint: 'have the same version of connrig and Node.js everywhere',
      cause,
    });
  }
}

/** @param token that the fleet has in common; undefined: it has none */
export const signShare = (job: Omit<ShareJob, 'signature'>, token: string | undefined): ShareJob => ({
  ...job,
  signature: signatureOf(job, token),
});

function signatureOf(job: Omit<ShareJob, 'signature'>, token: string | undefined): string {
  if (token === undefined) return '';
  const { wire, version, run, epoch, share, shares, capacity, plan } = job;
  const signed = JSON.stringify([wire, version, run, epoch, share, shares, capacity, plan]);
  return createHmac('sha256', token).update(signed).digest('hex');
}

/**
 * Reads a job, and looks whether it comes from one who has the token. Nothing of its plan is read before.
 *
 * @param version of this connrig
 * @throws RigError EFLEETPLAN when it is no job of ours, EFLEETVERSION, EFLEETTOKEN
 */
export function readShare(data: unknown, version: string, token: string | undefined): ShareJob {
  const theirs = versionOf(data);
  if (theirs !== version) {
    const sentence = `the run is of connrig ${theirs}, this worker of ${version}`;
    throw new RigError('EFLEETVERSION', sentence, { hint: 'have the same version everywhere' });
  }
  const read = ShareJob.safeParse(data);
  if (!read.success) {
    const hint = 'have the same version of connrig everywhere';
    throw new RigError('EFLEETPLAN', 'a job in the queue is no share of a run', { hint, cause: read.error });
  }
  const wanted = Buffer.from(signatureOf(read.data, token));
  const given = Buffer.from(read.data.signature);
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) {
    throw new RigError('EFLEETTOKEN', `the run was ${mismatch(read.data, token)}`, {
      hint: 'export the same CONNRIG_FLEET_TOKEN for connrig run and for each worker',
    });
  }
  return read.data;
}

const versionOf = (data: unknown): string =>
  typeof data === 'object' && data !== null && 'version' in data ? String(data.version) : 'an unknown version';

function mismatch({ signature }: ShareJob, token: string | undefined): string {
  if (signature === '') return 'not signed, and this worker has a token';
  return token === undefined
    ? 'signed, and this worker has no token'
    : 'signed with another token than that of this worker';
}
