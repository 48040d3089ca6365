import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  TimePickerBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { PromQl } from '../promql.ts';
import { VARIABLES, type VariableName } from '../variables.ts';
import { DATA_SOURCE } from './panels.ts';

/** A dashboard as it is written down. */
export interface Sheet {
  /** Also its address in Grafana (`connrig-NAME`), and its file. Never changes. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Where the time that is shown begins at first, as Grafana writes it. */
  readonly from: string;
  /** What is chosen at the top, and where the choices come from. */
  readonly choices: ReadonlyArray<{ readonly variable: VariableName; readonly label: string; readonly of: PromQl }>;
  readonly rows: ReadonlyArray<{ readonly title: string; readonly panels: ReadonlyArray<Builder<Panel>> }>;
}

const TAG = 'connrig';

/** The dashboard that Grafana reads. Panels flow from left to right, and are numbered from 1. */
export function dashboardOf({ name, title, description, from, choices, rows }: Sheet): Dashboard {
  const builder = new DashboardBuilder(title)
    .uid(`${TAG}-${name}`)
    .description(description)
    .tags([TAG])
    .readonly()
    .tooltip(DashboardCursorSync.Crosshair)
    .time({ from, to: 'now' })
    .timepicker(new TimePickerBuilder().refreshIntervals(['1s', '5s', '30s', '1m']))
    .refresh('5s')
    .link(
      new DashboardLinkBuilder(TAG).type(DashboardLinkType.Dashboards).tags([TAG]).keepTime(true).includeVars(false),
    )
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'));
  for (const { variable, label, of } of choices) builder.withVariable(choice(variable, label, of));
  for (const row of rows) {
    builder.withRow(new RowBuilder(row.title));
    for (const panel of row.panels) builder.withPanel(panel);
  }
  const dashboard = builder.build();
  dashboard.panels = (dashboard.panels ?? []).map((panel, i) => ({ ...panel, id: i + 1 }));
  return dashboard;
}

function choice(variable: VariableName, label: string, of: PromQl): QueryVariableBuilder {
  const { label: title, description, multi } = VARIABLES[variable];
  const query = `label_values(${of.text}, ${label})`;
  const builder = new QueryVariableBuilder(variable)
    .label(title)
    .description(description)
    .datasource(DATA_SOURCE)
    .query({ query, refId: variable })
    .definition(query)
    .multi(multi)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    // Names of runs begin with the time: the latest comes first.
    .sort(VariableSort.AlphabeticalDesc);
  // Where several can be chosen, all are at first.
  return multi ? builder.includeAll(true).current({ text: 'All', value: '$__all' }) : builder;
}
