import type { Preamble } from '../config/preamble.ts';
import type { RunConfig } from '../config/run-config.ts';
import { toRecordedLeg } from '../core/schemas/leg.ts';
import { RECORD_SCHEMA, type RunFile } from '../core/schemas/record.ts';
import { redactConfig, redactText } from '../core/values/secrets.ts';
import { readEnvironment } from './environment.ts';
import type { Snapshot } from './preflight/snapshot.ts';

/** What a run file says before anything is there. */
export async function openingRunFile(
  name: string,
  startedAt: Date,
  config: RunConfig,
  version: string,
  limits: Snapshot,
): Promise<RunFile> {
  const { plan, urls, target, baseline } = config;
  const texts = urls.map(({ text }) => text);
  return {
    schema: RECORD_SCHEMA,
    name,
    startedAt: startedAt.toISOString(),
    finishedAt: null,
    status: 'running',
    exitCode: null,
    config: recordedConfig(config),
    ...(baseline && { baseline: { ...baseline, maxGrowthPercent: config.maxGrowthPercent } }),
    plan: { ...plan, legs: plan.legs.map(toRecordedLeg) },
    environment: await readEnvironment(version, limits),
    target: {
      kind: kindOf(config),
      name:
        target?.manifest.name ??
        (urls.length === 0 ? 'connrig reference server' : redactText(config.command ?? texts.join(' '))),
      urls: texts,
      pid: config.pid ?? null,
      descriptorLimit: null,
      processes: null,
      runtime: null,
      built: null,
    },
    // Known once hosts are resolved.
    generator: { engine: config.engine, legs: [], pid: process.pid },
  };
}

/** The same of a run that is gone on with. */
export const goneOnRunFile = (file: RunFile): RunFile => ({
  ...file,
  finishedAt: null,
  status: 'running',
  exitCode: null,
  generator: { ...file.generator, pid: process.pid },
});

/** Settings as they are recorded, without what is secret in them. */
export function recordedConfig(config: RunConfig): Record<string, unknown> {
  // The record is for others to read as well.
  const {
    plan: _________,
    urls,
    target,
    baseline,
    exporterToken: _,
    adminToken: __,
    tlsMaterial: ___,
    adminTls: ____,
    openings: _____,
    inlineOpening: ______,
    sendOnOpen,
    expect,
    header,
    cookie,
    dialectSettings,
    publishHeader: _______,
    publishMessage: ________,
    fleetToken: _________a,
    fleetCa: __________a,
    ...settings
  } = config;
  const texts = urls.map(({ text }) => text);
  return redactConfig({
    ...settings,
    urls: texts,
    // A password, often enough.
    ...(sendOnOpen && { sendOnOpen: recordOfBytes(sendOnOpen) }),
    ...(expect && { expect: recordOfBytes(expect) }),
    ...(header && { header: header.map(({ name }) => name) }),
    ...(cookie && { cookie: cookie.map((one) => one.split('=')[0]) }),
    ...(dialectSettings && { dialectSettings: dialectSettings.map(([name]) => name) }),
    ...(target && { target: target.given }),
    ...(config.exporter && { exporter: config.exporter.text }),
    ...(typeof config.collect === 'object' && { collect: config.collect.text }),
    ...(baseline && { baseline: baseline.folder }),
  });
}

const recordOfBytes = ({ from, hex }: Preamble): { from: string | null; bytes: number } => ({
  from: from.startsWith('@') ? from : null,
  bytes: hex.length / 2,
});

function kindOf({ urls, command, pid, exporter, target }: RunConfig): RunFile['target']['kind'] {
  // A target is built by us, but it is a command like another.
  if (target !== undefined) return 'command';
  if (urls.length === 0) return 'builtin';
  if (command !== undefined) return 'command';
  if (pid !== undefined) return 'pid';
  return exporter === undefined ? 'url' : 'exporter';
}
