/** What the dashboard of one run asks about the workers that hold its connections on other machines. */
import { metric, promql } from '../../promql.ts';
import { over, perSecond } from '../query.ts';
import { ofRun } from './of-run.ts';

export const FLEET = {
  shares: over(promql`${ofRun(metric('fleetShares'))} > 0`, '{{lease}}'),
  moves: over(ofRun(metric('fleetMoves')), 'moves'),
  open: over(ofRun(metric('fleetOpen')), '{{worker}}'),
  opened: over(ofRun(perSecond(metric('fleetOpened'))), '{{worker}}'),
  lateness: over(ofRun(metric('fleetLateness')), '{{worker}} p99'),
  cpu: over(ofRun(perSecond(metric('fleetCpu'))), '{{worker}}'),
  memory: over(ofRun(metric('fleetRss')), '{{worker}}'),
  unheard: over(ofRun(metric('fleetHeard')), '{{worker}}'),
  clockOffset: over(ofRun(metric('fleetClockOffset')), '{{worker}}'),
  clockSpread: over(ofRun(metric('fleetClockSpread')), '{{worker}} spread'),
} as const;
