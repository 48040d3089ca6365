/** A reporter for node's test runner: the counts of one file's tests, one line of JSON at the end. */
import type { TestEvent } from 'node:test/reporters';
import { NO_COUNTS } from './outcome.ts';

const LINE = /^(tests|pass|fail|cancelled|skipped) (\d+)$/;

export default async function* counts(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const found: Record<string, number> = { ...NO_COUNTS };
  for await (const event of source) {
    // The runner says its totals as remarks, after everything else.
    const [, name, count] = event.type === 'test:diagnostic' ? (LINE.exec(event.data.message) ?? []) : [];
    if (name !== undefined) found[name] = Number(count);
  }
  yield `${JSON.stringify(found)}\n`;
}
