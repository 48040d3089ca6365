import type { CodecName, OpeningPlan } from '../../../core/opening/plan.ts';
import type { ReadPacket } from './codec.ts';
import { topicOf } from './mqtt.ts';
import { readMqttPacket } from './mqtt-format.ts';

/** What has to be known of a codec before anything starts. */
export interface CodecFormat {
  readonly readPacket: ReadPacket;
  /** Whether connections with this opening can exchange messages: a behaviour such as `echo` does. */
  readonly hasMessages: (plan: OpeningPlan) => boolean;
  /** How the opening has to be so that they can, for people: "the opening has to …". */
  readonly messagesNeed: string;
}

export const CODEC_FORMATS: Readonly<Record<CodecName, CodecFormat>> = {
  mqtt: {
    readPacket: readMqttPacket,
    hasMessages: (plan) => topicOf(plan) !== undefined,
    messagesNeed: 'subscribe to a topic without wildcards, which messages are published to',
  },
};
