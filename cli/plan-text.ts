import type { PlanOutline } from '../client/plan-outline.ts';
import { followsRest, isTalk } from '../core/behaviours/behaviours.ts';
import { toScheme } from '../core/protocols/schemes.ts';
import { humanCount, humanMs } from '../core/values/units.ts';
import { behaviourText } from '../report/words/circumstances.ts';
import { openingText } from '../report/words/opening-phrases.ts';
import { askedText } from '../report/words/tls-phrases.ts';
import { alignColumns } from './aligned-columns.ts';

/** More levels than these are told by their ends. */
const NAMED_LEVELS = 12;

/** What a run is going to do, leg by leg, for people. */
export function planText(outline: PlanOutline): string {
  const { legs, launches, mostLaunches, leastMs, folder, unchecked } = outline;
  const more = mostLaunches > launches ? `, up to ${humanCount(mostLaunches)} where they leave a question open` : '';
  const rows = [
    ['launches', `${humanCount(launches)}${more}`],
    ['time', `at least ${humanMs(leastMs)}`],
    ['record', folder],
    ...(unchecked.length === 0 ? [] : [['not known yet', unchecked.join('; ')]]),
  ];
  return `${legs.map((leg) => legText(leg, outline)).join('\n\n')}\n\n${alignColumns(rows)}`;
}

function legText(leg: PlanOutline['legs'][number], { restMs, talkMs, churnMs, soakMs }: PlanOutline): string {
  const { name, url, protocol, transport, tls, opening, levels, connectsPerSecond, warmUp, cycles, behaviour } = leg;
  const held = [
    ...(restMs > 0 ? [`after a rest of ${humanMs(restMs)}`] : []),
    ...(behaviour !== null && isTalk(behaviour) ? [`with round trips counted for ${humanMs(talkMs)}`] : []),
  ];
  const goingOn = [
    ...(behaviour !== null && followsRest(behaviour.kind)
      ? [`each level then goes on so for ${humanMs(churnMs)}`]
      : []),
    ...(soakMs === null ? [] : [`the top level goes on for ${humanMs(soakMs)}`]),
  ];
  const rows = [
    ['speaks', [toScheme(protocol, transport, leg.family), ...(opening ? [openingText(opening)] : [])].join(': ')],
    ...(tls ? [['secured by', askedText(tls)]] : []),
    ...(leg.perMessageDeflate === null || leg.perMessageDeflate === 'off'
      ? []
      : [['compresses', leg.perMessageDeflate]]),
    ['levels', `${levelsText(levels)}${held.length === 0 ? '' : `; each read ${held.join(', ')}`}`],
    [
      'opens',
      `${humanCount(connectsPerSecond)} per second${leg.isPaceOpen ? ', or faster where the target bears it' : ''}, after a warm-up with ${humanCount(warmUp)}`,
    ],
    ...(cycles === 1 ? [] : [['cycles', humanCount(cycles)]]),
    [
      'open ones',
      `${behaviour === null ? 'idle' : behaviourText(behaviour)}; closed by ${leg.close === 'reset' ? 'a reset' : 'a goodbye'}`,
    ],
    ...(goingOn.length === 0 ? [] : [['goes on', goingOn.join('; ')]]),
    ['takes', `at least ${humanMs(leg.leastMs)} in each launch`],
  ];
  return `leg ${name}: ${url ?? 'to a server that the run starts'}\n${indented(alignColumns(rows))}`;
}

function levelsText(levels: readonly number[]): string {
  const shown = levels.map(humanCount);
  if (shown.length <= NAMED_LEVELS) return shown.join(', ');
  return `${shown.length}: ${shown.slice(0, 2).join(', ')} … ${shown.at(-1)}`;
}

const indented = (text: string): string => text.replace(/^/gm, '  ');
