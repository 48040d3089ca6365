import { setTimeout as delay } from 'node:timers/promises';
import { RigError } from '../core/values/errors.ts';
import { toWarning, type Warn } from '../core/values/warnings.ts';
import { type ExporterAnswer, type ExporterSource, openExporter } from '../memory/exporter.ts';
import { type AnsweredBy, judge } from '../memory/exporter-process.ts';
import { askMeter } from '../memory/meter.ts';
import { exporterRefusal } from './exporter-refusal.ts';

/** With a new connection each: of three processes that take turns by chance, one alone answers all of them in 1 of 177,147 cases. */
const ASKED = { inTurn: 12, atOnce: 6 };
/** A reading of `connrig meter` is work for it, and it says outright which process it reads. */
const METER_ASKED = { inTurn: 3, atOnce: 3 };
/** Exporters with megabytes to say aren't asked as often. */
const PATIENCE_MS = 3000;
/** A collector that clears up after each answer has a moment for it. */
const PAUSE_MS = 10;

/**
 * Asks before anything starts: an exporter that says nothing about memory, or is another process each time, would make a
 * run for nothing.
 *
 * @param warn told where its answers look like several processes, but needn't be
 * @throws RigError EEXPORTER, ETLSCERT
 */
export async function askExporter(source: ExporterSource, warn: Warn): Promise<void> {
  const read = openExporter(source);
  let failure: unknown;
  const first = await askMeter(() =>
    read().catch((error: unknown) => {
      failure = error;
      throw error;
    }),
  );
  if (!('value' in first)) throw await exporterRefusal(source, first.missing, failure);
  const asked = first.value.target === null ? ASKED : METER_ASKED;
  const inTurn: ExporterAnswer[] = [first.value];
  const askInTurn = async (wanted: number): Promise<void> => {
    const untilMs = performance.now() + PATIENCE_MS;
    while (inTurn.length < wanted && performance.now() < untilMs) {
      await delay(PAUSE_MS);
      const again = await askMeter(read);
      if (!('value' in again)) return;
      inTurn.push(again.value);
    }
  };
  await askInTurn(asked.inTurn);
  // One that is idle may take all that come in turn, and leave to the others what comes meanwhile.
  const more = await Promise.all(Array.from({ length: asked.atOnce }, () => askMeter(read)));
  const atOnce = more.flatMap((answer) => ('value' in answer ? [answer.value] : []));
  let verdict = judge(whoOf(inTurn), whoOf(atOnce));
  if (verdict.kind !== 'one') {
    // Collections that come and go look like processes that take turns, for a while.
    await askInTurn(2 * asked.inTurn);
    verdict = judge(whoOf(inTurn), whoOf(atOnce));
  }
  if (verdict.kind === 'several') {
    const many = verdict.processes === null ? 'several' : String(verdict.processes);
    throw new RigError('EEXPORTER', `the exporter's answers come from ${many} different processes: ${verdict.sign}`, {
      hint: SEVERAL_HINT,
    });
  }
  if (verdict.kind === 'unsure') {
    warn(toWarning('WEXPORTER', { sign: verdict.sign }));
  }
}

const SEVERAL_HINT =
  "give each process a port of its own, or sum them in one endpoint. Or read all of them: --pid <pid of the parent> here, connrig meter --pid <pid of the parent> on the target's machine";

const whoOf = (answers: readonly ExporterAnswer[]): AnsweredBy[] => answers.flatMap(({ by }) => by ?? []);
