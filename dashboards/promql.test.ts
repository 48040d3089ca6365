import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { histogram, metric, promql, recorded } from './promql.ts';

describe('selectors', () => {
  it('come from the catalogue, with their labels', () => {
    assert.equal(metric('connectionsOpen').text, 'connrig_connections_open');
    assert.equal(
      metric('connectionOutcomes', { protocol: 'ws', outcome: { not: 'open' }, instance: { variable: 'server' } }).text,
      'connrig_connection_outcomes_total{protocol="ws",outcome!="open",instance="$server"}',
    );
    assert.equal(
      metric('hostMemory', { part: ['used', 'limit'] }).text,
      'connrig_host_memory_bytes{part=~"used|limit"}',
    );
    assert.equal(
      metric('hostMemory', { part: { not: ['used', 'limit'] } }).text,
      'connrig_host_memory_bytes{part!~"used|limit"}',
    );
    assert.equal(histogram('openDuration', 'bucket').text, 'connrig_open_duration_seconds_bucket');
    assert.equal(
      recorded('slope', { run: { variable: 'runs' }, part: 'total' }).text,
      'connrig:memory_per_connection_bytes:least_squares{run=~"$runs",part="total"}',
    );
  });

  it('take nothing that the catalogue lacks', () => {
    metric('connectionsOpen', { protocol: 'tcp' });
    assert.throws(() => {
      // @ts-expect-error a metric that isn't there
      metric('connectionsHeld');
    });
    // @ts-expect-error a misspelt label
    metric('connectionsOpen', { protokoll: 'ws' });
    // @ts-expect-error a value outside the closed list
    metric('connectionsOpen', { protocol: 'quic' });
    // @ts-expect-error a histogram has no series of its own name
    metric('openDuration');
    // @ts-expect-error a gauge has no buckets
    assert.throws(() => histogram('nothing', 'bucket'));
    // @ts-expect-error a series that no rule makes
    assert.throws(() => recorded('slopes'));
  });
});

describe('promql', () => {
  it('puts pieces together and knows their series', () => {
    const open = metric('connectionsOpen');
    const { text, series } =
      promql`sum by (protocol) (rate(${open}[$__rate_interval])) > ${0.5} and ${recorded('open')}`;
    assert.equal(
      text,
      'sum by (protocol) (rate(connrig_connections_open[$__rate_interval])) > 0.5 and connrig:connections_open',
    );
    assert.deepEqual([...series], ['connrig_connections_open', 'connrig:connections_open']);
    assert.equal(
      promql`max_over_time(${open}[1h30m] @ end())`.text,
      'max_over_time(connrig_connections_open[1h30m] @ end())',
    );
  });

  it('keeps together what belongs together', () => {
    const [a, b] = [metric('processRss'), metric('external')];
    const sum = promql`${a} + ${b}`;
    assert.equal(promql`${sum} * ${a}`.text, `(${a.text} + ${b.text}) * ${a.text}`);
    assert.equal(promql`floor(${sum})`.text, `floor(${a.text} + ${b.text})`);
    assert.equal(
      promql`sum by (job) (${sum}) / ${promql`floor(${sum})`}`.text,
      `sum by (job) (${sum.text}) / floor(${sum.text})`,
    );
    assert.equal(
      promql`2 * ${promql`last_over_time(${a}[5m] @ end())`}`.text,
      `2 * last_over_time(${a.text}[5m] @ end())`,
    );
  });

  it('refuses words of nobody', () => {
    assert.throws(() => promql`connrig_connections_open`, /"connrig_connections_open" is no word of PromQL/);
    assert.throws(() => promql`sum by (protokoll) (${metric('connectionsOpen')})`, /protokoll/);
    assert.throws(() => promql`up * 2`, /"up"/);
    assert.throws(() => promql`${metric('connectionsOpen')}{run="$run"} + $other`, /\$other/);
  });
});
