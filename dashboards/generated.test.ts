import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { METRICS, type MetricSpec } from '../core/metrics/catalogue.ts';
import { generatedDashboards } from './generated.ts';
import { RECORDED } from './recorded.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const HERE = join(ROOT, 'dashboards');

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: ReadonlyArray<{ readonly expr: string; readonly refId: string; datasource: { uid: string } }>;
}
interface Dashboard {
  readonly uid: string;
  readonly id?: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: ReadonlyArray<{ name: string; query: string | { query: string } }> };
}

const files = generatedDashboards();
const dashboards = [...files]
  .filter(([path]) => path.endsWith('.json'))
  .map(([path, text]) => ({ path, ...(JSON.parse(text) as Dashboard) }));
const rules = [...files]
  .filter(([path]) => path.endsWith('.yml'))
  .flatMap(([, text]) => (parse(text) as { groups: Array<{ rules: Array<Record<string, string>> }> }).groups)
  .flatMap((group) => group.rules);

describe('what is generated', () => {
  it('is what lies in the repository; else: npm run generate', () => {
    for (const [path, text] of files) assert.equal(readFileSync(join(ROOT, path), 'utf8'), text, path);
  });

  it('asks for no series that the catalogue lacks, and no rule makes', () => {
    const exposed = Object.values(METRICS).flatMap(({ name, kind }: MetricSpec) =>
      kind === 'histogram' ? ['bucket', 'count', 'sum'].map((which) => `${name}_${which}`) : [name],
    );
    const known = new Set([...exposed, ...Object.values(RECORDED).map(({ name }) => name)]);
    const asked = [
      ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))),
      ...dashboards.flatMap(({ templating }) => templating.list.flatMap(({ query }) => sourceOf(query))),
      ...rules.map(({ expr = '' }) => expr),
    ];
    const names = new Set(asked.flatMap(seriesIn));
    assert.ok(names.size > 60, `${names.size} series`);
    assert.deepEqual(
      [...names].filter((name) => !known.has(name)),
      [],
    );
    assert.deepEqual(seriesIn('sum by (up) (rate(node_x{job="nodejs"}[5m])) > 0 and on (run) up'), ['node_x', 'up']);
  });

  it('has a rule for each name of a recorded series, once', () => {
    const made = rules.flatMap(({ record = [] }) => record);
    assert.deepEqual(
      made.toSorted(),
      Object.values(RECORDED)
        .map(({ name }) => name)
        .toSorted(),
    );
  });
});

describe('dashboards', () => {
  it('keep their addresses', () => {
    assert.deepEqual(
      dashboards.map(({ path, uid, id }) => [path, uid, id]),
      ['run', 'server', 'compare'].map((name) => [
        `dashboards/generated/grafana/${name}.json`,
        `connrig-${name}`,
        undefined,
      ]),
    );
  });

  for (const { path, panels } of dashboards) {
    it(`${path}: panels say what they show, and lie side by side`, () => {
      assert.deepEqual(
        panels.map(({ id }) => id),
        panels.map((_, i) => i + 1),
      );
      for (const { type, title, description, gridPos, targets = [], datasource } of panels) {
        assert.ok(gridPos.w > 0 && gridPos.h > 0 && gridPos.x + gridPos.w <= 24, title);
        if (type === 'row') continue;
        assert.match(description ?? '', /^[\dA-Z/'].*\.$/, `${title}: a sentence`);
        assert.equal(datasource?.uid, `\${datasource}`);
        assert.ok(
          targets.every((target) => target.datasource.uid === `\${datasource}`),
          title,
        );
        assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
        const others = panels.filter((other) => other.gridPos !== gridPos && overlap(other.gridPos, gridPos));
        assert.deepEqual(others, [], `${title} lies on others`);
      }
    });
  }
});

describe('compose.yaml and what it provisions', () => {
  const compose = parse(readFileSync(join(HERE, 'compose.yaml'), 'utf8')) as {
    services: Record<string, { image: string; command?: string[]; environment?: Record<string, string> }>;
  };
  const { prometheus, grafana } = compose.services;

  it('pins its images and names files that are there', () => {
    for (const { image } of [prometheus!, grafana!]) assert.match(image, /^[a-z/]+:v?\d+\.\d+\.\d+$/);
    const named = [...(prometheus!.command ?? []), ...Object.values(grafana!.environment ?? {})].flatMap((text) => [
      ...text.matchAll(/\/etc\/connrig(\S*)/g),
    ]);
    assert.ok(named.length >= 4);
    for (const [, path = ''] of named) assert.ok(existsSync(join(HERE, path)), path);
  });

  it('reads our dashboards from the prometheus that it starts', () => {
    const folder = join(HERE, 'grafana/provisioning');
    const { datasources } = parse(readFileSync(join(folder, 'datasources/connrig.yaml'), 'utf8')) as {
      datasources: Array<{ type: string; url: string; uid: string }>;
    };
    assert.deepEqual(
      datasources.map(({ type, uid }) => [type, uid]),
      [['prometheus', 'connrig-prometheus']],
    );
    assert.ok(prometheus!.command?.includes(`--web.listen-address=${new URL(datasources[0]!.url).host}`));
    const { providers } = parse(readFileSync(join(folder, 'dashboards/connrig.yaml'), 'utf8')) as {
      providers: Array<{ options: { path: string } }>;
    };
    const path = providers[0]!.options.path.replace('$CONNRIG_DASHBOARDS', HERE);
    for (const dashboard of dashboards) assert.ok(existsSync(join(path, dashboard.path.split('/').at(-1)!)));
  });
});

type Place = Panel['gridPos'];
const overlap = (a: Place, b: Place): boolean =>
  a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;

/** The query of a variable: the selector in `label_values(selector, label)`; none where it isn't of that kind. */
function sourceOf(query: string | { readonly query: string }): string[] {
  const found = typeof query === 'string' ? null : /^label_values\((.*), \w+\)$/.exec(query.query);
  return found ? [found[1]!] : [];
}

const KEYWORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'end']);

/** Names of series, told without the builder: what is neither keyword, call, label, string, duration nor variable. */
function seriesIn(expr: string): string[] {
  const bare = expr
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  const words = [...bare.matchAll(/(?<![\w$:])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])/g)].map(([word]) => word);
  return words.filter((word) => !KEYWORDS.has(word));
}
