import type { Summary } from '../../core/schemas/summary.ts';
import type { RunOutput } from './output.ts';

const COLUMNS = [
  'protocol',
  'open',
  'total_bytes',
  'user_bytes',
  'kernel_bytes',
  'generator_bytes',
  'established',
  'census_open',
  'settled',
  'run',
  'leg',
  'received_messages_per_second',
  'received_bytes_per_second',
] as const;

/** `levels.csv`: one line a level, empty where not measured (RFC 4180). What was received is that of each connection. */
export const LEVELS_CSV: RunOutput = { file: 'levels.csv', make: ({ summary }) => levelsCsv(summary) };

function levelsCsv(summary: Summary): string {
  const lines = summary.legs.flatMap(({ name, protocol, levels }) =>
    levels.map(({ open, bytes, generatorBytes, established, censusOpen, settled, received }) =>
      [
        protocol,
        open,
        bytes.total,
        bytes.user,
        bytes.kernel,
        generatorBytes,
        established,
        censusOpen,
        settled,
        summary.name,
        name,
        received?.messagesPerSecond ?? null,
        received?.bytesPerSecond ?? null,
      ]
        .map(cellOf)
        .join(','),
    ),
  );
  return `${[COLUMNS.join(','), ...lines].join('\n')}\n`;
}

/** A spreadsheet takes what begins like a formula for one, whatever quotes there are: an apostrophe makes it a text. */
function cellOf(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value ?? '');
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
