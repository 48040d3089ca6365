import type { OpeningPlan } from '../../core/opening/plan.ts';
import type { Hole, Template } from '../../core/opening/template.ts';
import { DESCRIPTORS } from '../../core/protocols/protocols.ts';
import { toCarried } from '../../core/protocols/schemes.ts';
import type { Leg } from '../../core/schemas/leg.ts';
import { peakOf } from '../../core/values/plan.ts';
import { humanCount } from '../../core/values/units.ts';
import { CODEC_FORMATS } from '../../fleet/opening/codecs/formats.ts';
import type { OpenedDialect } from '../dialects.ts';
import type { Variables } from '../read-options.ts';
import type { RunConfig } from '../run-config-shape.ts';
import type { DataFile } from './data-file.ts';
import { LegOpener } from './leg-opener.ts';
import type { LegOpening, OpeningSources } from './opening-shapes.ts';

/** @param problems gets a sentence for each setting that no leg can follow */
export function openLegs(
  config: RunConfig,
  sources: OpeningSources,
  env: Variables,
  problems: string[],
): readonly LegOpening[] {
  const found: string[] = [];
  const usedColumns = new Set<number>();
  const opened = config.plan.legs.map((leg, index) =>
    new LegOpener(config, sources, env, { problems: found, usedColumns }).open(leg, config.urls[index]),
  );
  if (sources.data && usedColumns.size === 0 && found.length === 0) {
    const { columns } = sources.data.rows;
    found.push(
      `--data: no text has a hole for a value of it; its columns are ${columns.join(', ')}: write {${columns[0]}}, say`,
    );
  }
  problems.push(...new Set([...found, ...problemsOfLegs(config, sources, opened)]));
  return opened;
}

function problemsOfLegs(
  config: RunConfig,
  { data, dialect, own }: OpeningSources,
  opened: readonly LegOpening[],
): string[] {
  const { legs } = config.plan;
  const problems: string[] = [];
  const names = legs.map(({ name }) => name).join(', ');
  const isAsked = config.header || config.cookie || config.origin;
  if (isAsked && !legs.some(({ protocol }) => DESCRIPTORS[protocol].hasPath)) {
    problems.push(
      `--header, --cookie, --origin: ${names} connections begin without a request; give a ws:// or http:// URL`,
    );
  }
  if (config.subprotocols && !legs.some(({ protocol }) => protocol === 'ws')) {
    problems.push(`--subprotocol: only ws connections agree on one; the legs of this run are ${names}`);
  }
  const says = config.sendOnOpen || config.expect || dialect || own?.format.steps || own?.format.module;
  if (says && !legs.some(({ protocol }) => DESCRIPTORS[protocol].exchange === 'messages')) {
    const option = config.sendOnOpen
      ? '--send-on-open'
      : config.expect
        ? '--expect'
        : dialect
          ? '--dialect'
          : '--opening';
    problems.push(
      `${option}: ${names} connections have requests, not messages; --header and the URL say what they ask`,
    );
  }
  const foreign = legs.find((leg) => dialect && !dialect.dialect.protocols.some((scheme) => isOf(leg, scheme)));
  if (dialect && foreign) {
    problems.push(
      `--dialect: ${dialect.dialect.name} is spoken over ${dialect.dialect.protocols.join(', ')}, not ${foreign.name}`,
    );
  }
  const { behaviour } = config;
  const mute = opened.find(({ plan }) => plan?.codec && !CODEC_FORMATS[plan.codec].hasMessages(plan));
  if (mute && behaviour.kind === 'echo') {
    const { codec } = mute.plan!;
    problems.push(`--behaviour echo: over ${codec} the opening has to ${CODEC_FORMATS[codec!].messagesNeed}`);
  }
  const uncut = legs.find(({ protocol }, i) => protocol === 'tcp' && isUncut(opened[i]?.plan));
  if (uncut) {
    problems.push(
      `${own ? '--opening' : '--dialect'}: on: { json: … } looks at whole messages, and nothing cuts what ${uncut.name} connections receive; write messages: lines, or messages: { end: … }`,
    );
  }
  const { name, anyMessage } = dialect?.dialect ?? {};
  if (name !== undefined && !anyMessage && behaviour.kind === 'echo' && opened.every(({ plan }) => !plan?.codec)) {
    problems.push(
      `--behaviour echo: servers of ${name} take no messages but their own; leave it out, or have a rule of --opening say one: {every: 5s, send: …}`,
    );
  }
  if (data && problems.length === 0) problems.push(...problemsOfRows(config, data, opened));
  return problems;
}

/** A stream in which rules look for JSON. */
const isUncut = (plan: OpeningPlan | undefined): boolean =>
  plan?.messageEnd === undefined &&
  plan?.codec === undefined &&
  (plan?.rules ?? []).some((rule) => rule.kind === 'on' && rule.pattern.kind === 'json');

const isOf = ({ protocol, transport }: Leg, scheme: OpenedDialect['dialect']['protocols'][number]): boolean =>
  toCarried(scheme).protocol === protocol && toCarried(scheme).transport === transport;

function problemsOfRows(config: RunConfig, { rows, controlAt }: DataFile, opened: readonly LegOpening[]): string[] {
  const columnsIn = (templates: ReadonlyArray<Template | undefined>): number[] =>
    templates.flatMap((template) =>
      (template?.parts ?? []).flatMap((part) =>
        isHole(part) && part.kind === 'column' && part.inside === 'header' ? [part.column] : [],
      ),
    );
  const inHeaders = opened.flatMap(({ words, plan }) =>
    columnsIn([words?.headers, ...(plan?.before ?? []).map(({ head }) => head)]),
  );
  const broken = inHeaders.find((column) => controlAt[column]! > 0);
  if (broken !== undefined) {
    return [
      `--data: row ${controlAt[broken]} of ${rows.columns[broken]} has a line break or another control character in it, and a header can't have one`,
    ];
  }
  const top = Math.max(...config.plan.legs.map(peakOf));
  if (config.dataOrder === 'each' && top > rows.count) {
    return [
      `--data: ${humanCount(top)} connections are more than the ${humanCount(rows.count)} rows of ${config.data}; add rows, or take --data-order cycle, which gives a row to several connections`,
    ];
  }
  return [];
}

const isHole = (part: Uint8Array | Hole): part is Hole => !(part instanceof Uint8Array);
