import type { RecordedLeg } from '../../core/schemas/leg.ts';
import type { LegSummary } from '../../core/schemas/leg-summary.ts';
import { hasProgress, type LegProgress } from '../../core/schemas/record.ts';
import { isOfClimb } from '../../core/schemas/sample-at.ts';
import type { Agreement } from '../../core/schemas/tls.ts';
import type { RunRecord } from './read-run.ts';

/** A record from anybody may have any number of them; a target has one, or a few by its processes. */
const MOST_AGREEMENTS = 20;

/** How a leg was secured, over all its launches; null where it was plain. */
export function securedOf(
  { samples, events }: Pick<RunRecord, 'samples' | 'events'>,
  leg: RecordedLeg,
  index: number,
): LegSummary['tls'] {
  if (leg.tls === null) return null;
  let keptObjects = 0;
  const lasts = new Map<number, NonNullable<LegProgress['tls']>>();
  for (const sample of samples) {
    if (sample.leg !== index || !hasProgress(sample) || !isOfClimb(sample) || sample.progress.tls === null) continue;
    lasts.set(sample.launch, sample.progress.tls);
    keptObjects = Math.max(keptObjects, sample.progress.tls.keptObjects);
  }
  const sum = (name: 'secured' | 'resumed'): number => [...lasts.values()].reduce((all, one) => all + one[name], 0);
  const [secured, resumed] = [sum('secured'), sum('resumed')];
  const agreed = new Map<string, Agreement>();
  for (const event of events) {
    if (event.type !== 'agreed' || event.leg !== index || agreed.size >= MOST_AGREEMENTS) continue;
    agreed.set(JSON.stringify(event.agreement), event.agreement);
  }
  const resumedPercent = secured === 0 ? null : (100 * resumed) / secured;
  return { ...leg.tls, agreed: [...agreed.values()], secured, resumed, resumedPercent, keptObjects };
}
