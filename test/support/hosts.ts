/**
 * Hosts of a test's own: each is a namespace of network, name and uptime, and a bridge in one more joins them. Nothing of this machine's
 * is touched, and two tests have nothing in common. A host is there as long as its keeper, or anything else in it.
 */
import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { ENTRY } from './connrig.ts';
import { commandOf } from './needs.ts';

/** Machines have been up for different times, so moments by one's clock say nothing to another. */
const UPTIME_STEP_SECONDS = 100_000;
/** Nobody has it: what is sent there goes nowhere. */
const NOWHERE = ['lladdr', '02:00:00:00:00:00', 'nud', 'permanent'] as const;

/**
 * Hosts that reach each other at their addresses, until the end of the test. For tests with the options `ELSEWHERE`, and with
 * `needs('ip')`.
 */
export async function startHosts<Name extends string>(
  t: Pick<TestContext, 'after'>,
  names: readonly Name[],
): Promise<Readonly<Record<Name, TestHost>>> {
  const ip = commandOf('ip');
  const bridge = await TestHost.start(t, 'bridge', 0);
  bridge.exec(ip, 'link', 'add', 'name', 'bridge', 'type', 'bridge');
  bridge.exec(ip, 'link', 'set', 'bridge', 'up');
  const hosts = names.map(async (name, i) => {
    const host = await TestHost.start(t, name, i + 1);
    const peer = ['peer', 'name', 'eth0', 'netns', String(host.keeper.pid)];
    bridge.exec(ip, 'link', 'add', 'name', `to-${i + 1}`, 'type', 'veth', ...peer);
    bridge.exec(ip, 'link', 'set', `to-${i + 1}`, 'master', 'bridge', 'up');
    host.exec(ip, 'address', 'add', `${host.ip}/24`, 'dev', 'eth0');
    host.exec(ip, 'link', 'set', 'eth0', 'up');
    return [name, host] as const;
  });
  return Object.fromEntries(await Promise.all(hosts)) as Record<Name, TestHost>;
}

export class TestHost {
  readonly #t: Pick<TestContext, 'after'>;
  /** The name by which it calls itself, too. */
  readonly name: string;
  readonly ip: string;
  readonly keeper: ChildProcess;

  static async start(t: Pick<TestContext, 'after'>, name: string, number: number): Promise<TestHost> {
    // It ends with its standard input: also when this process is killed.
    const script = 'echo "$1" > /proc/sys/kernel/hostname && "$2" link set lo up && echo there && exec cat';
    const seconds = String(number * UPTIME_STEP_SECONDS);
    const uptime = ['--time', '--monotonic', seconds, '--boottime', seconds];
    const keeper = spawn(
      'unshare',
      ['--net', '--uts', ...uptime, '/bin/sh', '-c', script, 'sh', name, commandOf('ip')],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    );
    t.after(() => end(keeper));
    await once(keeper.stdout, 'data');
    return new TestHost(t, name, `10.77.0.${number}`, keeper);
  }

  private constructor(t: Pick<TestContext, 'after'>, name: string, ip: string, keeper: ChildProcess) {
    this.#t = t;
    this.name = name;
    this.ip = ip;
    this.keeper = keeper;
  }

  /** What to run, so that it runs in this host. */
  command(program: string, args: readonly string[] = []): [string, ...string[]] {
    const { pid } = this.keeper;
    const time = `--time=/proc/${pid}/ns/time_for_children`;
    return ['nsenter', '--target', String(pid), '--net', '--uts', time, '--', program, ...args];
  }

  /** `program` of `startConnrig`. */
  get connrig(): readonly string[] {
    return this.command(process.execPath, [ENTRY]);
  }

  /** Something that ends with the test, at the latest. */
  start(program: string, args: readonly string[] = [], options: SpawnOptions = {}): ChildProcess {
    const [first, ...rest] = this.command(program, args);
    const child = spawn(first, rest, options);
    this.#t.after(() => end(child));
    return child;
  }

  /** @returns what it wrote; throws where it fails */
  exec(program: string, ...args: readonly string[]): string {
    const [first, ...rest] = this.command(program, args);
    return execFileSync(first, rest, { encoding: 'utf8' });
  }

  /** From now on what either of two sends to the other is lost on the way, and nobody is told. */
  cut(other: TestHost): void {
    this.#neighbour('replace', other, NOWHERE);
    other.#neighbour('replace', this, NOWHERE);
  }

  mend(other: TestHost): void {
    this.#neighbour('delete', other);
    other.#neighbour('delete', this);
  }

  #neighbour(what: 'replace' | 'delete', { ip }: TestHost, where: readonly string[] = []): void {
    this.exec(commandOf('ip'), 'neighbour', what, ip, ...where, 'dev', 'eth0');
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
