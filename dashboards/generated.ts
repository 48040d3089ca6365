/** Everything here that is made by a program and kept in the repository, so that it can be used without one. */
import { dashboardOf, type Sheet } from './grafana/assemble.ts';
import { COMPARISON } from './grafana/compare.ts';
import { RUN } from './grafana/run.ts';
import { SERVER } from './grafana/server.ts';
import { ALERTS } from './prometheus/alerts.ts';
import { RECORDING } from './prometheus/recording.ts';
import { rulesFile } from './prometheus/rules-file.ts';

export const SHEETS: readonly Sheet[] = [RUN, SERVER, COMPARISON];

const COMMENT = 'Made by "npm run generate" from dashboards/prometheus/: change it there.';

/** Path from the repository's root → what it holds. */
export function generatedDashboards(): ReadonlyMap<string, string> {
  return new Map([
    ...SHEETS.map((sheet): [string, string] => [
      `dashboards/generated/grafana/${sheet.name}.json`,
      `${JSON.stringify(dashboardOf(sheet), null, 2)}\n`,
    ]),
    ['dashboards/generated/prometheus/recording.yml', rulesFile(COMMENT, RECORDING)],
    ['dashboards/generated/prometheus/alerts.yml', rulesFile(COMMENT, [ALERTS])],
  ]);
}
