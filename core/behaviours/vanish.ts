import { doubtAbout, parseQuantity } from '../values/units.ts';
import { type BehaviourDescriptor, isStill } from './descriptor.ts';

/** A share of a level's connections vanishes at one moment: its clients are gone, and nobody tells the server. */
export interface VanishPlan {
  readonly kind: 'vanish';
  readonly percent: number;
}

export const VANISH: BehaviourDescriptor<VanishPlan> = {
  example: 'vanish:20%',
  help: 'once the top level was read, so many are gone without FIN or RST, and it is timed until the server lets go of them',
  needs: undefined,
  talks: false,
  episode: true,
  parse([share, ...more], text) {
    const percent = share === undefined ? undefined : parseQuantity('percent', share);
    if (percent === undefined || more.length > 0) return undefined;
    const doubt = doubtAbout('percent', share!);
    if (doubt) return `"${text}" may mean ${doubt.map((one) => `vanish:${one}`).join(' or ')}: write which`;
    return percent > 0 && percent <= 100
      ? { kind: 'vanish', percent }
      : `"${text}" has a wrong share; more than 0% and at most 100% can vanish`;
  },
  isSteady: isStill,
};
