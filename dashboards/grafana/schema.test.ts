/** The dashboards against the declarations of Grafana's own SDK: panels by their kind, queries by their data source. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { shapesIn } from '../../test/support/shape-of-type.ts';
import { generatedDashboards } from '../generated.ts';

type Json = Record<string, unknown>;
interface Panel extends Json {
  readonly type: string;
  readonly title: string;
  readonly options?: unknown;
  readonly targets?: readonly unknown[];
  readonly fieldConfig?: { readonly defaults: { readonly custom?: unknown } };
}

const KINDS = ['stat', 'bargauge', 'timeseries', 'heatmap', 'state-timeline', 'xychart'];
/** A stat has nothing of its own for each field. */
const WITHOUT_CUSTOM = ['stat', 'bargauge'];
const fileOf = (module: string): string =>
  fileURLToPath(import.meta.resolve(`@grafana/grafana-foundation-sdk/${module.replace('-', '')}`)).replace(
    /index\.js$/,
    'types.gen.d.ts',
  );
const shapes = shapesIn(['dashboard', 'prometheus', ...KINDS].map(fileOf));

const dashboards = [...generatedDashboards()]
  .filter(([path]) => path.endsWith('.json'))
  .map(([path, text]) => [path, JSON.parse(text) as Json & { panels: Panel[] }] as const);

describe('dashboards, by the types of the SDK', () => {
  for (const [path, dashboard] of dashboards) {
    it(path, () => {
      const { panels, ...frame } = dashboard;
      const bare = panels.map(({ targets: _, ...panel }) => panel);
      assert.deepEqual(shapes.problems({ ...frame, panels: bare }, fileOf('dashboard'), 'Dashboard'), []);
      for (const { type, title, options, targets = [], fieldConfig } of panels) {
        if (type === 'row') continue;
        assert.ok(KINDS.includes(type), type);
        assert.deepEqual(shapes.problems(options, fileOf(type), 'Options'), [], title);
        if (!WITHOUT_CUSTOM.includes(type)) {
          assert.deepEqual(shapes.problems(fieldConfig?.defaults.custom ?? {}, fileOf(type), 'FieldConfig'), [], title);
        }
        assert.ok(targets.length > 0, title);
        for (const target of targets) {
          assert.deepEqual(shapes.problems(target, fileOf('prometheus'), 'Dataquery'), [], title);
        }
      }
    });
  }

  it('are refused when something is wrong', () => {
    const [, dashboard] = dashboards[0]!;
    const problems = (value: unknown): string[] => shapes.problems(value, fileOf('dashboard'), 'Dashboard');
    const [first, second, ...rest] = dashboard.panels.map(({ targets: _, ...panel }) => panel);
    const good = { ...dashboard, panels: [first, second, ...rest] };
    assert.deepEqual(problems(good), []);
    assert.deepEqual(problems({ ...good, colour: 'red' }), ['Dashboard.colour is unknown']);
    assert.deepEqual(problems({ ...good, graphTooltip: 7 }), [
      'Dashboard.graphTooltip is 7, not DashboardCursorSync | undefined',
    ]);
    assert.deepEqual(problems({ ...good, panels: [first, { ...second, gridPos: { h: 1, w: 1, x: 1 } }] }), [
      'Dashboard.panels.1.gridPos.y is missing',
    ]);
    assert.deepEqual(shapes.problems({ expr: 5 }, fileOf('prometheus'), 'Dataquery'), [
      'Dataquery.expr is 5, not string',
    ]);
  });
});
