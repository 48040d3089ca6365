import { LACKING, type MeterName, type Readings } from '../../core/schemas/readings.ts';
import { usualEngine } from '../../fleet/engines/index.ts';
import { makeCgroup } from '../../memory/cgroup-make.ts';
import { Missing } from '../../memory/meter.ts';
import { openMeters } from '../../memory/meter-set.ts';
import { isCutOff } from '../environment.ts';
import { lookAtOthers } from './other-users.ts';

/** Something that a run does where it can, and does without where it can't. */
export interface Ability {
  readonly what: string;
  readonly ok: boolean;
  /** What is had, or why it isn't and what is lacking then. One clause. */
  readonly sentence: string;
  /** What to do about it; empty where nothing has to be, or can be, done. */
  readonly remedy: string;
}

/** What this machine lets a run measure, found by measuring this very process, and how long one reading took. */
export async function readAbilities(): Promise<{ abilities: Ability[]; readingMs: number }> {
  const meters = openMeters({ pids: [process.pid], ports: [UNUSED_PORT], clientPid: process.pid });
  const readings = await meters.read({ list: true });
  const abilities = [
    ofTarget(readings),
    ofOthers(),
    ofMeter(readings, 'slab', 'what sockets take in the kernel'),
    ofMeter(readings, 'sockstat', 'sockets of this machine, and data queued in them'),
    ofMeter(readings, 'established', 'a count of connections from outside, up to 100,000'),
    ofMeter(readings, 'host', "this machine's memory"),
    ofCgroup(readings),
    await ofOwnCgroup(),
    await ofEngine(),
    await ofLoopback(),
  ];
  return { abilities, readingMs: readings.tookMs };
}

/** tcpmux: the kernel's list is read, and nothing in it is looked for. */
const UNUSED_PORT = 1;

const can = (what: string, sentence: string): Ability => ({ what, ok: true, sentence, remedy: '' });
const cannot = (what: string, sentence: string, remedy = ''): Ability => ({ what, ok: false, sentence, remedy });

function whyMissing({ missing }: Readings, meter: MeterName): string {
  const why = missing.find((one) => one.meter === meter)?.why ?? 'not on this system';
  return `${why}; ${LACKING[meter]}`;
}

function ofMeter(readings: Readings, meter: 'slab' | 'sockstat' | 'established' | 'host', had: string): Ability {
  if (readings[meter] !== null) return can(meter, had);
  const why = whyMissing(readings, meter);
  return cannot(meter, why, why.includes('by root only') ? 'run as root' : '');
}

function ofTarget(readings: Readings): Ability {
  const { target } = readings;
  if (target === null) return cannot('target', whyMissing(readings, 'target'));
  if (target.anonBytes === null) return cannot('target', 'RSS alone, files and shared pages included');
  const files = target.openFiles === null ? '; its open files are not counted (before Linux 6.2)' : '';
  return can('target', `anonymous memory of processes of this user${files}`);
}

function ofOthers(): Ability {
  if (process.platform !== 'linux') return can('others', "RSS of other users' processes");
  const remedy = "run as root, or as the target's user";
  switch (lookAtOthers()) {
    case 'all':
      return can('others', "other users' processes as well");
    case 'rss':
      return cannot('others', "of other users' processes RSS, page tables and processor time alone", remedy);
    case 'nothing':
      return cannot('others', "other users' processes are hidden: /proc is mounted with hidepid", remedy);
  }
}

function ofCgroup(readings: Readings): Ability {
  const { cgroup } = readings;
  if (cgroup === null) return cannot('cgroup', whyMissing(readings, 'cgroup'));
  return can('cgroup', `what a memory cgroup is charged (v${cgroup.version})`);
}

async function ofOwnCgroup(): Promise<Ability> {
  const what = '--command';
  try {
    const made = await makeCgroup(`connrig-doctor-${process.pid}`);
    await made.remove();
    return can(what, 'gets a memory cgroup of its own');
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    return cannot(what, `gets no memory cgroup of its own: ${error.message}`, 'run as root, or have one delegated');
  }
}

async function ofEngine(): Promise<Ability> {
  const { engine, why } = await usualEngine(process.platform);
  if (why === undefined) return can('engine', engine);
  return cannot('engine', `${engine}, which takes more of everything: ${why}`);
}

async function ofLoopback(): Promise<Ability> {
  return (await isCutOff('127.0.0.1'))
    ? cannot('loopback', "127.0.0.1 can't be reached, and with it our own server", 'ip link set lo up')
    : can('loopback', 'both ends may be on this machine');
}
