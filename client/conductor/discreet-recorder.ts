import type { RunConfig } from '../../config/run-config.ts';
import { formsOf } from '../../core/opening/template.ts';
import type { RunEvent } from '../../core/schemas/record.ts';
import { redactText, secretsIn } from '../../core/values/secrets.ts';
import type { Recorder } from './recorder.ts';

/** What nobody else is to read: what the run hands to servers, and what its fleet knows each other by. */
export const secretsOf = (
  config: Parameters<typeof secretsSaid>[0] & Pick<RunConfig, 'fleet' | 'fleetToken'>,
): string[] => [
  ...secretsSaid(config),
  ...secretsIn(config.fleet ?? ''),
  ...(config.fleetToken === undefined ? [] : [config.fleetToken]),
];

/** What the run hands to servers in their URLs and in what connections say. */
export function secretsSaid({
  urls,
  exporter,
  collect,
  behaviour,
  openings,
}: Pick<RunConfig, 'urls' | 'exporter' | 'collect' | 'behaviour' | 'openings'>): string[] {
  const path = 'path' in behaviour ? (behaviour.path ?? '') : '';
  const inPaths = [
    ...urls.map((url) => url.path),
    exporter?.url ?? '',
    typeof collect === 'object' ? collect.url : '',
    path,
  ].flatMap(secretsIn);
  // A hole is no secret; what fills it is hidden where it is filled.
  return [
    ...inPaths.filter((value) => !value.includes('{')),
    ...openings.flatMap(({ secrets }) => secrets.flatMap(formsOf)),
  ];
}

/** A recorder that keeps secrets also where servers repeat them: in a refusal, a redirection, their last output. */
export function discreet(recorder: Recorder, secrets: readonly string[]): Recorder {
  return {
    folder: recorder.folder,
    get failure() {
      return recorder.failure;
    },
    sample: (sample) => recorder.sample(sample),
    passing: (sample) => recorder.passing(sample),
    event: (event) => recorder.event(withoutSecrets(event, secrets)),
    runFile: (file) => recorder.runFile(file),
    close: () => recorder.close(),
  };
}

function withoutSecrets(event: RunEvent, secrets: readonly string[]): RunEvent {
  const shown = (text: string): string => redactText(text, secrets);
  switch (event.type) {
    case 'trouble':
      return { ...event, detail: shown(event.detail) };
    case 'error':
      return { ...event, message: shown(event.message), hint: shown(event.hint) };
    case 'warning':
    case 'target-output':
      return { ...event, text: shown(event.text) };
    default:
      return event;
  }
}
