import { besideNoun, nounsOf } from '../../core/protocols/nouns.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import type { Sizing, SizingRow } from '../../core/schemas/sizing-summary.ts';
import type { Summary } from '../../core/schemas/summary.ts';
import { chosenRow } from '../fold/sizing.ts';
import { bytes, count, type Phrase, say } from './phrase.ts';

interface Paste {
  /** What it is for and where it goes. */
  readonly what: Phrase | string;
  readonly language: 'sh' | 'yaml';
  readonly text: string;
}

/** Settings of one instance, ready to paste. */
export interface Pastes {
  readonly title: Phrase;
  readonly parts: readonly Paste[];
}

/**
 * For each leg from which a capacity follows those of one size of memory: the cheapest of the plan, else the largest that
 * isn't a guess.
 */
export function pastes({ sizing, legs }: Summary): Pastes[] {
  if (sizing === null) return [];
  return legs.flatMap((leg) => {
    const row = chosenRow(sizing, leg.name);
    return row === undefined ? [] : [{ title: titleOf(leg, row), parts: partsOf(row, sizing) }];
  });
}

const titleOf = (leg: LegSummary, { name, instanceBytes, connections }: SizingRow): Phrase =>
  say`Settings for ${count(connections)} ${nounsOf(leg)[1]}${besideNoun(leg.name, leg)} on ${name === null ? [] : `${name}, `}${bytes(instanceBytes)}`;

function partsOf({ settings, memoryBytes, connections }: SizingRow, { headroomPercent }: Sizing): Paste[] {
  const { processes, openFiles, maxOldSpaceMib, memoryMib } = settings;
  const each = processes > 1 ? say`, each of the ${count(processes)} processes` : '';
  return [
    {
      what: say`Open files of the target${each} (LimitNOFILE= of systemd, --ulimit nofile= of docker), and the kernel's tables. Where sysctl tells of more already, leave it:`,
      language: 'sh',
      text: [`ulimit -n ${openFiles}`, ...sysctls(settings)].join('\n'),
    },
    ...(maxOldSpaceMib === null || maxOldSpaceMib === 0
      ? []
      : [
          {
            what: say`The heap of a Node.js target${each}: what everything else leaves of ${bytes(memoryBytes)} with ${count(connections)} connections, and half of the headroom; in its environment:`,
            language: 'sh' as const,
            text: `NODE_OPTIONS=--max-old-space-size=${maxOldSpaceMib}`,
          },
        ]),
    {
      what: `Kubernetes, for the target's container; processor time depends on what connections do, so it isn't among them:`,
      language: 'yaml',
      text: [
        'resources:',
        '  requests:',
        `    memory: ${memoryMib}Mi`,
        '  limits:',
        `    memory: ${memoryMib}Mi # with ${headroomPercent} % of it kept free`,
      ].join('\n'),
    },
  ];
}

function sysctls({ nrOpen, somaxconn, tcpMemPages, conntrackMax }: SizingRow['settings']): string[] {
  const values: Array<[string, string | number | null]> = [
    ['fs.nr_open', nrOpen],
    ['net.core.somaxconn', somaxconn],
    ['net.ipv4.tcp_mem', tcpMemPages === null ? null : `"${tcpMemPages.join(' ')}"`],
    ['net.netfilter.nf_conntrack_max', conntrackMax],
  ];
  return values.flatMap(([name, value]) => (value === null ? [] : [`sysctl -w ${name}=${value}`]));
}
