import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { CsvError, parse } from 'csv-parse';
import { breaksHeader } from '../../core/opening/template.ts';
import { RowsWriter, type SharedRows } from '../../fleet/opening/rows.ts';

/** What was read of a data file. */
export interface DataFile {
  readonly rows: SharedRows;
  /** For each column the first row (from 1) with a control character in it, which no header may have; 0: none. */
  readonly controlAt: readonly number[];
}

/** A row that is longer is no row: a quote that nobody closed, say. */
const MOST_ROW_BYTES = 1_048_576;
/** Lengths of values take the place of separators; long ones take a byte more. */
const SLACK = 1.02;

/**
 * Reads the rows of connections: CSV (RFC 4180) whose first line names the columns, or JSON, an object a line, for a name that
 * ends in `.jsonl` or `.ndjson`. It is read once, row by row, into memory that threads share.
 *
 * @returns a sentence where it can't be read; it has no value of the file in it
 */
export async function readDataFile(path: string): Promise<DataFile | string> {
  try {
    const stat = statSync(path);
    if (!stat.isFile() && !stat.isFIFO()) return `${path} is not a file`;
    const sink = new Sink(path, SLACK * stat.size);
    if (/\.(?:jsonl|ndjson)$/i.test(path)) await readJsonLines(path, sink);
    else await readCsv(path, sink);
    return sink.finish();
  } catch (error) {
    if (error instanceof DataProblem) return error.message;
    if (error instanceof CsvError) return `${path}${placeOf(error)} is no CSV: ${CSV_WORDS[error.code] ?? error.code}`;
    const { code, message } = error as NodeJS.ErrnoException;
    return `${path} can't be read: ${code ?? message}`;
  }
}

/** A sentence for people. */
class DataProblem extends Error {}

/** Takes rows, and looks at each. */
class Sink {
  readonly #path: string;
  readonly #expectedBytes: number;
  #columns: readonly string[] = [];
  #writer: RowsWriter | undefined;
  #controlAt: number[] = [];

  constructor(path: string, expectedBytes: number) {
    this.#path = path;
    this.#expectedBytes = expectedBytes;
  }

  get columns(): readonly string[] | undefined {
    return this.#writer && this.#columns;
  }

  begin(columns: readonly string[]): void {
    const path = this.#path;
    if (columns.length === 0) throw new DataProblem(`${path} names no columns`);
    const empty = columns.indexOf('');
    if (empty >= 0) throw new DataProblem(`${path}: column ${empty + 1} has no name`);
    const twice = columns.find((name, at) => columns.indexOf(name) !== at);
    if (twice !== undefined) throw new DataProblem(`${path}: two columns are called ${JSON.stringify(twice)}`);
    this.#columns = columns;
    this.#controlAt = columns.map(() => 0);
    this.#writer = new RowsWriter(columns, this.#expectedBytes);
  }

  add(values: readonly string[]): void {
    const writer = this.#writer!;
    writer.add(values);
    for (let column = 0; column < values.length; column++) {
      if (this.#controlAt[column] === 0 && breaksHeader(values[column]!)) this.#controlAt[column] = writer.count;
    }
  }

  finish(): DataFile {
    if (!this.#writer) throw new DataProblem(`${this.#path} is empty; its first line names the columns`);
    if (this.#writer.count === 0) throw new DataProblem(`${this.#path} has columns and no rows`);
    return { rows: this.#writer.finish(), controlAt: this.#controlAt };
  }
}

async function readCsv(path: string, sink: Sink): Promise<void> {
  const parser = parse({ bom: true, skip_empty_lines: true, max_record_size: MOST_ROW_BYTES });
  const file = createReadStream(path);
  file.on('error', (error) => parser.destroy(error));
  for await (const record of file.pipe(parser)) {
    const values = record as string[];
    if (sink.columns === undefined) sink.begin(values.map((name) => name.trim()));
    else sink.add(values);
  }
}

async function readJsonLines(path: string, sink: Sink): Promise<void> {
  let line = 0;
  const input = createReadStream(path);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  // It ends silently where its input breaks.
  const broken = new Promise<never>((_, reject) => input.on('error', reject));
  broken.catch(() => undefined);
  for await (const text of lines) {
    line += 1;
    const row = text.replace(/^\ufeff/, '');
    if (row.trim() !== '') addJson(row, `${path}, line ${line}`, sink);
  }
  if (input.errored) await broken;
}

function addJson(text: string, where: string, sink: Sink): void {
  const row = objectIn(text);
  if (row === undefined) throw new DataProblem(`${where} is not an object in JSON`);
  if (sink.columns === undefined) sink.begin(Object.keys(row));
  const columns = sink.columns!;
  const missing = columns.find((name) => !Object.hasOwn(row, name));
  if (missing !== undefined)
    throw new DataProblem(`${where} has no ${JSON.stringify(missing)}, which the first row has`);
  sink.add(columns.map((name) => textOf(row[name])));
}

function objectIn(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isRow = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isRow ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : value === null
      ? ''
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);

const placeOf = ({ lines }: CsvError & { lines?: number }): string => (lines === undefined ? '' : `, line ${lines}`);

/** The parser's own words quote what it read, and that is secret. */
const CSV_WORDS: Readonly<Record<string, string>> = {
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: 'the row has another number of values than there are columns',
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'something stands between a closing quote and the next comma',
  INVALID_OPENING_QUOTE: 'a quote begins in the middle of a value; quote the whole value, and double the quotes in it',
  CSV_MAX_RECORD_SIZE: 'a row is longer than 1 MiB; a quote may not be closed',
};
