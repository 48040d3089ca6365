import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bucketOf, lowestOf } from '../stats/histogram.ts';
import { METRICS, type MetricSpec } from './catalogue.ts';

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
        assert.notEqual(label, 'le', 'the label of buckets');
        if (values === 'text') assert.match(name, /_info$/, `${name}: ${label} is a closed list`);
        else if (values === 'leg') assert.equal(label, 'leg');
        else if (values === 'worker') assert.match(label, /^(host|worker)$/);
        else assert.ok(values.length > 0 && values.length <= 20, `${name}: ${label} has few values`);
      }
    }
  });

  it('has ascending buckets, in seconds, from a millisecond at most to a minute at least', () => {
    const histograms = rows.filter((row) => row.kind === 'histogram');
    assert.ok(histograms.length >= 4);
    for (const { name, buckets } of histograms) {
      assert.match(name, /_seconds$/);
      assert.ok(
        buckets.every((edge, i) => i === 0 || edge > buckets[i - 1]!),
        name,
      );
      assert.ok(buckets[0]! <= 0.001 && buckets.at(-1)! >= 60 && buckets.length <= 20, name);
    }
  });

  it('has buckets whose edges are edges of our own histograms', () => {
    for (const row of rows) {
      if (row.kind !== 'histogram') continue;
      for (const edge of row.buckets) assert.equal(lowestOf(bucketOf(edge * 1e6)), edge * 1e6, row.name);
    }
  });
});
