import { readLabels } from '../labels.ts';
import { type OptionTable, onOff, type Read, text } from '../option.ts';
import { readWritableFile } from '../writable-file.ts';

/** What is left of a run. */
export const FOLDER_OPTIONS = {
  out: {
    name: 'out',
    group: 'folder',
    argument: '<folder>',
    help: 'the run folder (default: runs/<UTC time>-<name>)',
    read: text,
  },
  summaryFile: {
    name: 'summary-file',
    group: 'folder',
    argument: '<file>',
    help: 'append a short summary in Markdown to it at the end, such as "$GITHUB_STEP_SUMMARY"',
    read: readWritableFile,
  },
  junitFile: {
    name: 'junit',
    group: 'folder',
    argument: '<file>',
    help: 'write what the run came to as JUnit XML, which CI servers show: a test case for each threshold and each leg held against a baseline',
    read: readWritableFile,
  },
  labels: {
    name: 'label',
    group: 'folder',
    argument: '<key=value>',
    help: 'what the target was, such as commit=1a2b3c; it stands in the report, the index and summary.json',
    repeats: true,
    read: readLabels,
  },
  name: { name: 'name', group: 'folder', argument: '<text>', help: 'what to call the run', read: readName },
  json: {
    name: 'json',
    group: 'folder',
    help: 'print summary.json on stdout at the end, and the table on stderr',
    default: 'false',
    read: onOff,
  },
  dryRun: {
    name: 'dry-run',
    group: 'folder',
    help: 'tell the whole plan, and whether it fits this machine, as connrig doctor does; start and connect to nothing',
    default: 'false',
    read: onOff,
  },
  force: {
    name: 'force',
    group: 'folder',
    help: 'run although preflight says it cannot fit',
    default: 'false',
    read: onOff,
  },
} as const satisfies OptionTable;

/** A name that is given both as text and as the folder's last part must not leave the folder. */
function readName(given: string): Read<string> {
  return /^[\w.-]{1,64}$/.test(given)
    ? { value: given }
    : { problem: `"${given}" is not 1 to 64 letters, digits, dots, dashes or underscores` };
}
