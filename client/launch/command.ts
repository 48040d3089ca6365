import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { connect, type NetConnectOpts } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { toScheme } from '../../core/protocols/schemes.ts';
import { RigError } from '../../core/values/errors.ts';
import { quoted, word } from '../../core/values/shell.ts';
import type { TargetUrl } from '../../core/values/urls.ts';
import { toWarning, type Warn } from '../../core/values/warnings.ts';
import type { BoundedLog } from '../../files/bounded-log.ts';
import { type MadeCgroup, makeCgroup } from '../../memory/cgroup-make.ts';
import { Missing } from '../../memory/meter.ts';
import { authorityOf } from '../../telemetry/listen.ts';
import { interrupted } from '../conductor/watch.ts';
import { whereItListens, whichSocketsItHas } from '../preflight/listeners.ts';
import { whoIsAt } from './attached.ts';
import { keepInForeground } from './foreground.ts';
import { lastWords } from './last-words.ts';
import { endGroup, hasEnded, untilReaped } from './process-group.ts';
import type { Target } from './target.ts';
import { startWatchdog } from './watchdog.ts';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = { drained: 10_000, holding: 2000 };
const CONNECT_WITHIN_MS = 1000;
const POLL_MS = 50;
/** In this part of the wait, and then again: whether the server listens somewhere else meanwhile. */
const LOOK_ELSEWHERE = 1 / 12;

export interface CommandOptions {
  /** For people: what it is. */
  readonly name: string;
  /** As a person would type it into a shell. */
  readonly command: string;
  /** Where it is going to listen, on this machine. */
  readonly url: TargetUrl;
  readonly ip: string;
  /** All addresses of the URL's host, where there are several: it may listen at any of them. */
  readonly ips?: readonly string[];
  /** Takes what it prints. */
  readonly log: BoundedLog;
  readonly signal: AbortSignal;
  readonly warn: Warn;
  /** Its environment; ours, unless said. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long it may take until all its ports answer. */
  readonly readyWithinMs?: number;
  /** Told its process before it is ready. */
  readonly onSpawn?: (pid: number) => void;
}

/**
 * Starts a server by a shell command, in a process group and, where we may make one, a memory cgroup of its own. It is
 * ready when every port of the URL answers. Its output goes straight into a file, so that nothing of ours stands in
 * its way. It ends with us however we end: see {@link startWatchdog}.
 *
 * @throws RigError ELISTEN when somebody else listens there already; ETARGETSTART with what it printed last;
 * EINTERRUPTED
 */
export async function startCommandTarget(options: CommandOptions): Promise<Target> {
  const { name, command, url, log, warn } = options;
  await refuseTakenPorts(options);
  const cgroup = await tryCgroup(warn);
  const watchdog = startWatchdog(cgroup?.folder ?? '');
  const output = log.openToAppend();
  const printedBefore = log.printedBytes;
  const lastOutput = (): string => log.last(printedBefore);
  const child = spawn('/bin/sh', ['-c', LAUNCHER, 'sh', cgroup?.procsFile ?? '', command], {
    stdio: ['ignore', output, output],
    env: options.env,
    // A group of its own: Ctrl-C in the terminal is for us, and we stop the server once we have measured the drain.
    detached: true,
  });
  closeSync(output);
  const stopWatching = log.watch();
  child.on('error', () => {});
  if (child.pid !== undefined) {
    watchdog.guard(child.pid);
    options.onSpawn?.(child.pid);
  }

  let stopped: Promise<boolean> | undefined;
  const end = (by: NodeJS.Signals, withinMs: number, hurry?: AbortSignal): Promise<boolean> => {
    stopped ??= (async () => {
      const killed = await endGroup(child, by, withinMs, hurry);
      stopWatching();
      const left = await cgroup?.remove();
      if (left !== undefined) warn(toWarning('WCGROUPLEFT', { why: left }));
      await watchdog.dismiss();
      return killed;
    })();
    return stopped;
  };
  const stop = async (hasDrained: boolean): Promise<void> => {
    await end('SIGTERM', hasDrained ? STOP_WITHIN_MS.drained : STOP_WITHIN_MS.holding);
    await untilReaped(child);
  };
  let ip: string;
  try {
    ip = await untilReady(child, options, lastOutput);
    if (cgroup && !(await cgroup.members()).includes(child.pid!)) {
      warn(toWarning('WNOTINCGROUP', { folder: cgroup.folder }));
    }
  } catch (error) {
    await stop(true);
    throw error;
  }
  return {
    kind: 'command',
    name,
    url,
    ip,
    pid: child.pid!,
    adminUrl: null,
    adminToken: null,
    death() {
      if (stopped !== undefined || !hasEnded(child)) return undefined;
      return new RigError('ETARGETDIED', `the command ended by itself (${howEnded(child)})${lastWords(lastOutput())}`, {
        hint:
          child.exitCode === 0
            ? keepInForeground(command)
            : 'connrig report <run folder>, for what was measured until then; its output is in target.log there',
      });
    },
    lastOutput,
    again: { end, start: (onSpawn) => startCommandTarget({ ...options, ips: [ip], ip, onSpawn }) },
    stop,
  };
}

/** The shell enters the cgroup before the command is there, so all that it ever takes is charged to it. */
const LAUNCHER = '[ -z "$1" ] || echo $$ 2>/dev/null >"$1"; exec /bin/sh -c "$2"';

async function refuseTakenPorts({ url, ip: first, ips = [first] }: CommandOptions): Promise<void> {
  for (const door of doorsOf(url)) {
    const ip = await answering(ips, door);
    if (ip === undefined) continue;
    const at = typeof door === 'string' ? `at ${door}` : `on ${ip}:${door}`;
    const who = whoIsAt(typeof door === 'string' ? url : { ports: [door] });
    throw new RigError('ELISTEN', `something listens ${at} already, before the command was started`, {
      hint: `${who}, to see who it is; --pid instead of --command, to measure it`,
    });
  }
}

/** A port, or the path of a Unix socket. */
type Door = number | string;
const doorsOf = ({ ports, socketPath }: TargetUrl): readonly Door[] =>
  socketPath === undefined ? ports : [socketPath];

async function tryCgroup(warn: Warn): Promise<MadeCgroup | undefined> {
  // Two runs, or two legs, must not meet.
  const name = `connrig-${process.pid}-${Math.trunc(performance.now())}`;
  try {
    return await makeCgroup(name);
  } catch (error) {
    if (!(error instanceof Missing)) throw error;
    warn(toWarning('WNOCGROUP', { why: error.message }));
    return undefined;
  }
}

/** @returns at which of the addresses it answers */
async function untilReady(child: ChildProcess, options: CommandOptions, lastOutput: () => string): Promise<string> {
  const { command, url, ip: first, signal, warn, readyWithinMs = READY_WITHIN_MS } = options;
  const refusal = (sentence: string, hint: string): RigError =>
    new RigError('ETARGETSTART', `the command ${sentence}${lastWords(lastOutput())}`, { hint });
  const startedAtMs = performance.now();
  const lookEveryMs = readyWithinMs * LOOK_ELSEWHERE;
  let lookAgainMs = lookEveryMs;
  let ips = options.ips ?? [first];
  for (const door of doorsOf(url)) {
    const at = (): string => (typeof door === 'string' ? door : ips.map((ip) => `${ip}:${door}`).join(' or '));
    for (;;) {
      const ip = await answering(ips, door);
      if (ip !== undefined) {
        ips = [ip];
        break;
      }
      if (signal.aborted) throw interrupted();
      const waitedMs = performance.now() - startedAtMs;
      if (waitedMs > readyWithinMs) {
        const seconds = Math.round(readyWithinMs / 1000);
        throw refusal(`does not answer on ${at()} within ${seconds} s`, await whereInstead(child, url));
      }
      if (waitedMs > lookAgainMs) {
        const elsewhere = await listensElsewhere(child, url);
        // Once is enough.
        lookAgainMs = elsewhere === undefined ? waitedMs + lookEveryMs : Number.POSITIVE_INFINITY;
        if (elsewhere !== undefined) warn(toWarning('WELSEWHERE', { at: at(), elsewhere }));
      }
      await delay(POLL_MS);
      if (hasEnded(child)) {
        throw refusal(`ended (${howEnded(child)}) before ${at()} answered`, afterItsEnd(child, command, url));
      }
    }
  }
  // Ended, and yet there is an answer: it left the server behind in the background, or somebody else was quicker.
  if (hasEnded(child)) {
    const sentence = `ended (${howEnded(child)}); the server has to stay in the foreground`;
    throw refusal(sentence, afterItsEnd(child, command, url));
  }
  return ips[0]!;
}

const NOT_FOUND = 127;

/** A program of that name that isn't there says so itself; anything else shows when it is started by hand. */
function afterItsEnd({ exitCode }: ChildProcess, command: string, { socketPath }: TargetUrl): string {
  if (exitCode === 0) return keepInForeground(command);
  // Its last run may have left it; many servers don't take it away.
  if (socketPath !== undefined && existsSync(socketPath)) return `rm ${word(socketPath)}; ${command}`;
  return exitCode === NOT_FOUND ? `is it installed, and in the PATH? sh -c ${quoted(command)}` : command;
}

async function whereInstead(child: ChildProcess, url: TargetUrl): Promise<string> {
  const elsewhere = await listensElsewhere(child, url);
  return elsewhere === undefined ? 'ss -ltnp, to see where it listens' : `it listens elsewhere: ${elsewhere}`;
}

/** A server that listens elsewhere than it was said to is there all the same. @returns its URL */
async function listensElsewhere(child: ChildProcess, url: TargetUrl): Promise<string | undefined> {
  const { protocol, transport, ports } = url;
  const [path] = child.pid === undefined ? [] : whichSocketsItHas(child.pid).filter((one) => one.startsWith('/'));
  if (path !== undefined && transport === 'plain') return `${toScheme(protocol, transport, 'unix')}://${path}`;
  const [own] = child.pid === undefined ? [] : ((await whereItListens(child.pid)) ?? []);
  if (own === undefined || ports.length > 1) return undefined;
  return `${toScheme(protocol, transport)}://${authorityOf(own.ip)}:${own.port}`;
}

/** @returns the first of these addresses that accepts a connection; of a Unix socket an empty one */
async function answering(ips: readonly string[], door: Door): Promise<string | undefined> {
  if (typeof door === 'string') return (await answers({ path: door })) ? '' : undefined;
  const all = await Promise.all(ips.map((ip) => answers({ host: ip, port: door })));
  return ips.find((_, i) => all[i]);
}

function answers(at: NetConnectOpts): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(at);
    const end = (is: boolean): void => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(CONNECT_WITHIN_MS, () => end(false));
    socket.once('connect', () => end(true)).once('error', () => end(false));
  });
}

const howEnded = ({ pid, exitCode, signalCode }: ChildProcess): string =>
  pid === undefined ? 'there is no /bin/sh' : (signalCode ?? `exit code ${exitCode}`);
