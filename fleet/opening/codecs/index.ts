import type { CodecName, OpeningPlan } from '../../../core/opening/plan.ts';
import type { Codec } from './codec.ts';
import { createMqtt } from './mqtt.ts';

/** A row here, one in `formats.ts` and its name in `core/opening/plan.ts` are all that a codec takes. */
export const CODEC_OF: Readonly<Record<CodecName, (plan: OpeningPlan) => Codec>> = { mqtt: createMqtt };
