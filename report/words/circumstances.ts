import { z } from 'zod';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import type { RunFile } from '../../core/schemas/record.ts';
import { isTalk } from '../../core/behaviours/behaviours.ts';
import { bytes, count, counted, joined, ms, type Part, percent, say } from './phrase.ts';

/** What a reader wants to know of the config; a record may come from a version that had none of it. */
const Asked = z.object({
  behaviour: z.object({ kind: z.string() }).loose().optional(),
  perMessageDeflate: z.string().optional(),
  close: z.string().optional(),
  talkMs: z.number().optional(),
  restMs: z.number().optional(),
  settleTimeoutMs: z.number().optional(),
  command: z.string().optional(),
  headroomPercent: z.number().optional(),
});

/** The circumstances of a run, by name: what two runs have to have in common to be compared. All of it from run.json. */
export function measuredOn(run: RunFile): Array<readonly [label: string, what: Part]> {
  const { environment, target, generator, plan } = run;
  const asked = Asked.safeParse(run.config).data ?? {};
  // One fleet for each leg.
  const workers = generator.legs.slice(0, plan.legs.length).map((leg) => leg.workers);
  const [firstPort, lastPort] = environment.ephemeralPorts ?? [];
  return [
    ['Target', say`${target.name}${target.urls.length > 0 ? ` at ${target.urls.join(', ')}` : ''} (${target.kind})`],
    ...(asked.command === undefined ? [] : [['Started by', asked.command] as const]),
    [
      'Its processes',
      say`${target.processes === null ? 'not known' : count(target.processes)}${
        target.descriptorLimit === null ? '' : say`, ${count(target.descriptorLimit)} open files each at most`
      }`,
    ],
    [
      'Machine of the client',
      say`${count(environment.cores)} × ${environment.cpuModel}, ${bytes(environment.memoryBytes)} of memory${
        environment.memoryLimitBytes < environment.memoryBytes
          ? say`, ${bytes(environment.memoryLimitBytes)} of it ours`
          : ''
      }`,
    ],
    ['Kernel', `${environment.kernel} ${environment.arch}`],
    [
      'Limits',
      joined(
        [
          environment.descriptorLimit === null ? [] : say`${count(environment.descriptorLimit)} open files a process`,
          firstPort === undefined || lastPort === undefined
            ? []
            : say`local ports ${String(firstPort)} to ${String(lastPort)}`,
          environment.somaxconn === null ? [] : say`net.core.somaxconn ${count(environment.somaxconn)}`,
        ],
        ', ',
      ),
    ],
    ['Versions', `connrig ${environment.connrigVersion}, Node.js ${environment.nodeVersion}`],
    [
      'Client',
      say`engine ${generator.engine}, ${
        workers.length === 1
          ? counted(workers[0]!, 'worker thread')
          : say`${joined(workers.map(count), ' and ')} worker threads`
      }`,
    ],
    [
      'Plan',
      joined(
        plan.legs.map(
          ({ name, levels, connectsPerSecond, cycles }) =>
            say`${name}: ${counted(levels.length, 'level')} up to ${count(levels.at(-1) ?? 0)}, ${count(connectsPerSecond)} opened per second, ${counted(cycles, 'cycle')}`,
        ),
        '; ',
      ),
    ],
    ['Launches of the target', count(plan.launches)],
    ...(asked.behaviour ? [['Open connections', behaviourOf(asked.behaviour)] as const] : []),
    ...(asked.talkMs !== undefined && isTalk(asked.behaviour?.kind ?? 'idle')
      ? [['Round trips counted at each level for', ms(asked.talkMs)] as const]
      : []),
    ...(asked.perMessageDeflate !== undefined && plan.legs.some(({ protocol }) => DESCRIPTORS[protocol].compresses)
      ? [['Per-message deflate', asked.perMessageDeflate] as const]
      : []),
    ...(asked.restMs ? [['Rest before each reading', ms(asked.restMs)] as const] : []),
    ...(asked.headroomPercent === undefined ? [] : [['Headroom asked for', percent(asked.headroomPercent)] as const]),
    ['Begun', run.startedAt],
    ['Ended', run.finishedAt ?? 'never said so'],
  ];
}

function behaviourOf({ kind, ...more }: { readonly kind: string; readonly [key: string]: unknown }): string {
  const details = Object.entries(more).map(([name, value]) => `${name} ${String(value)}`);
  return details.length === 0 ? kind : `${kind} (${details.join(', ')})`;
}
