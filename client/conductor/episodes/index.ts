import type { BehaviourPlan } from '../../../core/behaviours/behaviours.ts';
import type { MemoryPoint } from '../../../core/schemas/record.ts';
import type { LegCourse } from '../leg-course.ts';
import { slow } from './slow.ts';
import { storm } from './storm.ts';
import { vanish } from './vanish.ts';

/**
 * What is done to the connections of a level once that was held and read. All of them are open again when it returns, or it says why not.
 *
 * @param rest what was read then; undefined where the level never held still
 */
export type Episode = (course: LegCourse, level: number, rest: MemoryPoint | undefined) => Promise<void>;

const EPISODES: Readonly<Partial<Record<BehaviourPlan['kind'], Episode>>> = { slow, storm, vanish };

/** @returns undefined where the behaviour isn't one that comes in episodes */
export const episodeOf = (kind: BehaviourPlan['kind']): Episode | undefined => EPISODES[kind];
