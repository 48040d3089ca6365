import type { ShownSaid } from '../client/trial/shown-said.ts';
import type { TrialLine, TrialStage } from '../client/trial/trial-line.ts';
import { humanCount, humanMs } from '../core/values/units.ts';
import { agreementText } from '../report/words/tls-phrases.ts';

/** `12,345.6 ms`, right-aligned. */
const TIME_CHARS = 11;
const BY_US = '→';
const BY_SERVER = '←';
const NOBODY = ' ';
const ESCAPES: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '\0': '\\0' };
/** Also what would turn a line round. */
const CONTROLS = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** A line of a trial for people; several where a head has several. */
export function trialText(line: TrialLine): string {
  switch (line.type) {
    case 'target':
      return line.row === null ? line.url : `${line.url}, row ${humanCount(line.row)} of --data`;
    case 'stage': {
      const text = stageText(line);
      return text === '' ? '' : withTime(line.elapsedMs, NOBODY, [text]);
    }
    case 'said':
      return withTime(line.elapsedMs, line.by === 'us' ? BY_US : BY_SERVER, saidText(line));
    case 'outcome':
      return outcomeText(line);
  }
}

function withTime(elapsedMs: number, arrow: string, [first = '', ...others]: readonly string[]): string {
  const fixed = elapsedMs.toFixed(1).replace(/\B(?=(?:\d{3})+\.)/g, ',');
  const indent = ' '.repeat(TIME_CHARS + 4);
  return [`${`${fixed} ms`.padStart(TIME_CHARS)}  ${arrow} ${first}`, ...others.map((other) => indent + other)].join(
    '\n',
  );
}

function stageText(line: TrialStage): string {
  switch (line.stage) {
    case 'connecting':
      return `connecting to ${line.to}`;
    case 'connected':
      return 'connected';
    case 'secured':
      return 'TLS is established';
    case 'agreed':
      return agreementText(line.agreement);
    case 'step':
      return `step ${line.step} of ${line.of}: ${withoutControls(line.text)}`;
    case 'open':
      return 'open';
    case 'failed':
      return withDetail(line.outcome, line.detail);
    case 'lost':
      return withDetail(line.reason, line.detail);
    case 'ended':
      return line.by === 'us' ? 'we close our side' : 'the server closes its side';
    case 'dropped':
      return 'we reset the connection';
    case 'silent':
      return 'much more is said, and not shown; --full shows it';
    case 'gone':
      return line.cause === 'closed' ? 'closed' : '';
  }
}

const withDetail = (what: string, detail: string): string =>
  detail === '' ? what : `${what}: ${withoutControls(detail)}`;

function saidText(said: ShownSaid): string[] {
  if (said.what === 'head') return said.lines.map(withoutControls);
  const { what, code, text, hex, signs, bytes, isCut } = said;
  const parts = [
    ...(what === 'bytes' ? [] : [what]),
    ...(code === undefined ? [] : [code === null ? 'without a code' : String(code)]),
    ...(bytes === 0 ? [] : [text === undefined ? `${hex} |${signs}|` : `"${escapeControls(text)}"`]),
    ...(isCut ? [`… (${humanCount(bytes)} bytes)`] : []),
  ];
  return [parts.join(' ')];
}

function outcomeText({ openedAfterMs, outcome, closeReason, error }: Extract<TrialLine, { type: 'outcome' }>): string {
  if (openedAfterMs === null) return `not open: ${outcome}`;
  const after = `open after ${humanMs(openedAfterMs)}`;
  return error === null ? after : `${after}, and not for long: ${closeReason}`;
}

/** As `--send-on-open` takes it. */
const escapeControls = (text: string): string => withoutControls(text.replaceAll('\\', '\\\\'));

/** What has backslashes of its own. */
function withoutControls(text: string): string {
  return text.replace(CONTROLS, (sign) => {
    const code = sign.codePointAt(0)!;
    return ESCAPES[sign] ?? (code < 256 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`);
  });
}
