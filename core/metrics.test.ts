import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { METRICS, type MetricSpec } from './metrics.ts';

const rows: readonly MetricSpec[] = Object.values(METRICS);

describe('the metric catalogue', () => {
  it('names each metric once', () => {
    assert.equal(new Set(rows.map(({ name }) => name)).size, rows.length);
  });

  it('follows the naming rules of Prometheus', () => {
    for (const { name, kind, help, labels } of rows) {
      assert.match(name, /^(connrig|process|nodejs)_[a-z][a-z_]*[a-z]$/, name);
      assert.equal(name.endsWith('_total'), kind === 'counter', `${name}: counters, and only they, end in _total`);
      assert.doesNotMatch(name, /_(ms|milliseconds|kb|mb|kib|percent|count|sum|bucket)(_|$)/, name);
      assert.match(help, /^[A-Z].*\.$/, `${name}: help is a sentence`);
      for (const [label, values] of Object.entries(labels)) {
        assert.match(label, /^[a-z_]+$/);
        assert.ok(values.length > 0 && values.length <= 20, `${name}: ${label} has few values`);
      }
    }
  });
});
