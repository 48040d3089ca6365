import { svgFile } from '../../charts/render.ts';
import type { RunOutput } from './output.ts';

/** `charts/*.svg`: what `report.md` shows, each chart as a file. */
export const CHART_FILES: RunOutput = {
  file: 'charts/*.svg',
  makeEach: ({ charts }) => new Map(charts().map(({ file, svg, size }) => [file, svgFile(svg, size)])),
};
