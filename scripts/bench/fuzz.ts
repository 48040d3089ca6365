import { humanCount } from '../../core/values/units.ts';
import { fuzzAnswers } from '../fuzz/answers.ts';
import type { FuzzResult } from '../fuzz/classes.ts';
import { fuzzFrames } from '../fuzz/frames.ts';
import { fuzzRecords } from '../fuzz/records.ts';
import type { BenchPart, Figure } from './benchmark.ts';

const FRAME_STREAMS = 1_000_000;
const ANSWERS = 100_000;
const RECORD_STREAMS = 100_000;

export const fuzz: BenchPart = {
  name: 'fuzz',
  method: `${humanCount(FRAME_STREAMS)} streams with a mutated frame in each, read by the client's ws protocol and by the receiver of \`ws\`; ${humanCount(ANSWERS)} mutated answers, read by the client, Node.js and \`ws\`. The record layer reads ${humanCount(RECORD_STREAMS)} streams of TLS records with a mutation in each, all of which have to come to an outcome. Valid ones in between. The seed is that of the day unless given (\`-- fuzz --seed 20261127\`); [the classes](protocols.md#where-readers-differ).`,
  async measure({ seed = seedOfTheDay() }) {
    return [
      { what: 'seed', value: String(seed), target: '', holds: true },
      ...figuresOf('frames', await fuzzFrames(seed, FRAME_STREAMS)),
      ...figuresOf('answers', await fuzzAnswers(seed, ANSWERS)),
      ...figuresOf('records', fuzzRecords(seed, RECORD_STREAMS)),
    ];
  },
};

function figuresOf(what: string, { mutated, inputs, agreed, classes, outside }: FuzzResult): Figure[] {
  const figure = (which: string, value: string): Figure => ({
    what: `${what}: ${which}`,
    value,
    target: '',
    holds: true,
  });
  return [
    figure('mutated, of all', `${humanCount(mutated)} of ${humanCount(inputs)}`),
    figure('alike', humanCount(agreed)),
    ...Object.entries(classes).map(([name, count]) => figure(name, humanCount(count))),
    {
      what: `${what}: outside of all classes`,
      value: [humanCount(outside.length), ...outside].join('; ').replaceAll('|', '\\|'),
      target: '0',
      holds: outside.length === 0,
    },
  ];
}

/** As a date is written, without dashes: `20261127`. */
const seedOfTheDay = (): number => Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''));
