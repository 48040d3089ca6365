import type { BehaviourPlan } from '../../../core/behaviours/behaviours.ts';
import type { LegCourse } from '../leg-course.ts';
import { storm } from './storm.ts';
import { vanish } from './vanish.ts';

/** What is done to the connections of a level once that was held and read. All of them are open again when it returns, or it says why not. */
export type Episode = (course: LegCourse, level: number) => Promise<void>;

const EPISODES: Readonly<Partial<Record<BehaviourPlan['kind'], Episode>>> = { storm, vanish };

/** @returns undefined where the behaviour isn't one that comes in episodes */
export const episodeOf = (kind: BehaviourPlan['kind']): Episode | undefined => EPISODES[kind];
