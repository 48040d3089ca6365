import type { RestartPlan } from '../../config/restart-target.ts';
import type { RunConfig } from '../../config/run-config.ts';
import { RigError } from '../../core/values/errors.ts';
import { toWarning, type Warn } from '../../core/values/warnings.ts';
import type { Inspector } from '../../memory/inspector.ts';
import { type OomKills, watchOomKills } from '../../memory/oom-kills.ts';
import { interrupted } from '../conductor/watch.ts';
import { trustOf } from '../exporter-source.ts';
import { type Collection, type ForcedCollection, howToCollect, NO_COLLECTION, openCollection } from './collection.ts';
import { type Inspectors, inspectTarget } from './inspected.ts';
import type { Target } from './target.ts';

/** The process of a target, and what is open to look into it. Another one is another value. */
export interface TargetProcess {
  /** Root of its process tree; null when it isn't known. */
  readonly pid: number | null;
  readonly inspectors: readonly Inspector[];
  readonly forced: ForcedCollection | undefined;
  readonly oomKills: () => OomKills | undefined;
}

interface AttendedOptions {
  readonly config: Pick<RunConfig, 'collect' | 'inspect' | 'ca' | 'tlsMaterial' | 'insecure'>;
  readonly signal: AbortSignal;
  readonly warn: Warn;
}

/** Moments of a restart. */
interface RestartHooks {
  signalled(): void;
  /** All its processes are gone. */
  ended(killed: boolean): void;
}

/** The target of a leg for as long as that takes, also when its process is another one after a restart. */
export class AttendedTarget {
  readonly #options: AttendedOptions;
  #target: Target;
  #process: TargetProcess;
  #inspectors: Inspectors | undefined;
  #collection: Collection = NO_COLLECTION;
  #restarting: Promise<void> | undefined;
  #isAway = false;

  constructor(target: Target, options: AttendedOptions) {
    this.#options = options;
    this.#target = target;
    this.#process = bare(target.pid);
  }

  get target(): Target {
    return this.#target;
  }

  get process(): TargetProcess {
    return this.#process;
  }

  /** Why it isn't there any more; undefined while it is, or while it is to be away. */
  readonly death = (): RigError | undefined => (this.#isAway ? undefined : this.#target.death());

  /** Finds out how its garbage is collected, and connects to its inspectors. @throws RigError EINSPECTOR … */
  async lookInto(): Promise<void> {
    const { config, signal, warn } = this.#options;
    const target = this.#target;
    // The built-in server collects when it is asked at its admin port.
    if (!target.adminUrl) {
      this.#collection = await openCollection(howToCollect(config, target.kind), target, trustOf(config));
    }
    for (const { pid, why } of this.#collection.refused) warn(toWarning('WUNCOLLECTED', { pid, why }));
    this.#inspectors = await inspectTarget([...(config.inspect ?? []), ...this.#collection.inspectors], target, signal);
    this.#process = {
      pid: target.pid,
      inspectors: this.#inspectors.all,
      forced: this.#collection.forced,
      oomKills: target.pid === null ? () => undefined : await watchOomKills(target.pid),
    };
  }

  async #lookAway(): Promise<void> {
    const [inspectors, collection] = [this.#inspectors, this.#collection];
    [this.#inspectors, this.#collection, this.#process] = [undefined, NO_COLLECTION, bare(this.#target.pid)];
    await inspectors?.close();
    await collection.close();
  }

  /**
   * Ends it by a signal and starts it again in the same way. Nobody looks into the new process yet.
   *
   * @throws RigError ETARGETRESTART when it doesn't come up again; EINTERRUPTED
   */
  restart(plan: RestartPlan, hooks: RestartHooks): Promise<void> {
    const restarting = this.#restart(plan, hooks);
    this.#restarting = restarting.catch(() => {});
    return restarting;
  }

  async #restart({ signal, withinMs }: RestartPlan, hooks: RestartHooks): Promise<void> {
    const { again } = this.#target;
    if (!again) throw new Error(`${this.#target.name} was not started here`);
    this.#isAway = true;
    await this.#lookAway();
    hooks.signalled();
    hooks.ended(await again.end(signal, withinMs, this.#options.signal));
    if (this.#options.signal.aborted) throw interrupted();
    try {
      this.#target = await again.start((pid) => {
        this.#process = bare(pid);
      });
    } catch (error) {
      if (!(error instanceof RigError) || error.code === 'EINTERRUPTED') throw error;
      const { message, hint } = error;
      throw new RigError('ETARGETRESTART', `the target did not come up again after ${signal}: ${message}`, {
        hint,
        cause: error,
      });
    }
    // What it has begun to fork is there by now.
    this.#process = bare(this.#target.pid);
    this.#isAway = false;
  }

  /** @param hasDrained see {@link Target.stop} */
  async stop(hasDrained: boolean): Promise<void> {
    await this.#restarting;
    await this.#lookAway();
    await this.#target.stop(hasDrained);
  }
}

const bare = (pid: number | null): TargetProcess => ({
  pid,
  inspectors: [],
  forced: undefined,
  oomKills: () => undefined,
});
