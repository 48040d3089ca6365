import type { OpeningPlan, PacketPlan, PacketValue } from '../../../core/opening/plan.ts';
import { bytesOfLiteral, type Template } from '../../../core/opening/template.ts';
import type { Slot } from '../../protocols/protocol.ts';
import type { FillText } from '../../protocols/request-words.ts';
import type { Codec } from './codec.ts';
import {
  afterProperties,
  bodyAt,
  MQTT,
  MQTT_HEAD_BYTES,
  type MqttVersion,
  PacketWriter,
  packetBytes,
  qosOf,
  typeOf,
} from './mqtt-packets.ts';
import { codesOf, describePacket } from './mqtt-words.ts';

/** Packets that an MQTT plan may have, each under its name; what is not said of them is as people mean it. */
type Fields = Readonly<Record<string, PacketValue | undefined>>;

const PROTOCOL_NAME = Buffer.from('MQTT');
/** Bits of CONNECT (section 3.1.2.3). */
const CONNECT_FLAGS = {
  user: 0x80,
  password: 0x40,
  willRetain: 0x20,
  willQosShift: 3,
  will: 0x04,
  clean: 0x02,
} as const;
/** SUBSCRIBE has these reserved bits (section 3.8.1). */
const SUBSCRIBE_FLAGS = 2;
const RETAIN = 1;
/** A SUBACK's code from here on is a failure (section 3.9.3). */
const FAILURE = 0x80;
const DEFAULT_ID = 1;

/** MQTT 3.1.1 (OASIS, 2014) and 5.0 (OASIS, 2019), from a client's side; sections without a name are those of 5.0. */
export function createMqtt(plan: OpeningPlan): Codec {
  const version = versionOf(plan);
  const topic = topicOf(plan);
  const writer = new PacketWriter();

  function write(packet: PacketPlan, textOf: (value: PacketValue | undefined) => Uint8Array): Buffer {
    const [[name, fields] = ['', {}]] = Object.entries(packet) as Array<[string, Fields]>;
    writer.start();
    switch (name) {
      case 'connect':
        return writeConnect(writer, fields, version, textOf);
      case 'subscribe':
        return writeSubscribe(writer, fields, version, textOf);
      case 'publish':
        writer.text(textOf(fields['topic']));
        if (version === 5) writer.byte(0);
        return writer.raw(textOf(fields['payload'])).finish(MQTT.publish, fields['retain'] === true ? RETAIN : 0);
      case 'pingreq':
        return writer.finish(MQTT.pingreq);
      case 'disconnect':
        return writer.finish(MQTT.disconnect);
      default:
        throw new TypeError(`no client of MQTT says ${name}`);
    }
  }

  return {
    headBytes: MQTT_HEAD_BYTES,
    lengthOf: packetBytes,
    writer(packet, fill) {
      if (isLiteral(packet)) {
        const bytes = Buffer.from(write(packet, (value) => bytesOfLiteral(value as Template) ?? NOTHING));
        return () => bytes;
      }
      return (slot) => write(packet, (value) => (value === undefined ? NOTHING : fill(slot, value as Template)));
    },
    matcher: (packet, fill) => compileMatcher(packet, version, fill),
    describe: (packet) => describePacket(packet, version),
    reply(packet) {
      const at = typeOf(packet) === MQTT.publish && qosOf(packet) === 1 ? topicEnd(packet) : packet.length;
      if (at + 2 > packet.length) return undefined;
      // Section 3.4.2.1: without a reason code it is "success".
      return writer
        .start()
        .two(packet.readUInt16BE(topicEnd(packet)))
        .finish(MQTT.puback);
    },
    farewell: (packet) => (typeOf(packet) === MQTT.disconnect ? describePacket(packet, version) : undefined),
    payloadAt: (packet) => (typeOf(packet) === MQTT.publish ? payloadAt(packet, version) : 0),
    message(slot, payload, fill) {
      if (topic === undefined)
        throw new TypeError('the opening subscribes to no topic that messages can be published to');
      writer.start().text(fill(slot, topic));
      if (version === 5) writer.byte(0);
      return writer.raw(payload).finish(MQTT.publish);
    },
    heartbeat: Uint8Array.of(MQTT.pingreq << 4, 0),
    goodbye: Uint8Array.of(MQTT.disconnect << 4, 0),
  };
}

/**
 * The topic that messages of open connections go to: the last one that the opening subscribes to, unless it has wildcards
 * (section 4.7.1).
 */
export function topicOf(plan: OpeningPlan): Template | undefined {
  for (const packet of packetsOf(plan).reverse()) {
    for (const filter of topicsOf(packet['subscribe'] as Fields | undefined).reverse()) {
      const topic = filter['topic'] as Template;
      const text = topic.parts.map((part) => (part instanceof Uint8Array ? Buffer.from(part).toString() : '')).join('');
      if (!/[+#]/.test(text)) return topic;
    }
  }
  return undefined;
}

const NOTHING = Buffer.alloc(0);

/** Packets that the opening says, in their order. */
const packetsOf = ({ steps }: OpeningPlan): PacketPlan[] =>
  steps.flatMap((step) => (step.kind === 'send' && 'packet' in step.message ? [step.message.packet] : []));

const versionOf = (plan: OpeningPlan): MqttVersion =>
  packetsOf(plan).some(({ connect }) => (connect as Fields | undefined)?.['version'] === 5) ? 5 : 4;

const topicsOf = (subscribe: Fields | undefined): Fields[] => [...((subscribe?.['topics'] ?? []) as readonly Fields[])];

/** Section 3.1: without properties, where there could be. */
function writeConnect(
  writer: PacketWriter,
  fields: Fields,
  version: MqttVersion,
  textOf: (value: PacketValue | undefined) => Uint8Array,
): Buffer {
  const { clientId, username, password, will, keepAliveSeconds = 0, cleanStart = true } = fields;
  const wish = will as Fields | undefined;
  let flags = cleanStart === false ? 0 : CONNECT_FLAGS.clean;
  if (username !== undefined) flags |= CONNECT_FLAGS.user;
  if (password !== undefined) flags |= CONNECT_FLAGS.password;
  if (wish !== undefined) {
    flags |= CONNECT_FLAGS.will | (((wish['qos'] as number | undefined) ?? 0) << CONNECT_FLAGS.willQosShift);
    if (wish['retain'] === true) flags |= CONNECT_FLAGS.willRetain;
  }
  writer
    .text(PROTOCOL_NAME)
    .byte(version)
    .byte(flags)
    .two(keepAliveSeconds as number);
  if (version === 5) writer.byte(0);
  writer.text(textOf(clientId));
  if (wish !== undefined) {
    if (version === 5) writer.byte(0);
    writer.text(textOf(wish['topic'])).text(textOf(wish['payload']));
  }
  if (username !== undefined) writer.text(textOf(username));
  if (password !== undefined) writer.text(textOf(password));
  return writer.finish(MQTT.connect);
}

/** Section 3.8. */
function writeSubscribe(
  writer: PacketWriter,
  fields: Fields,
  version: MqttVersion,
  textOf: (value: PacketValue | undefined) => Uint8Array,
): Buffer {
  writer.two((fields['id'] as number | undefined) ?? DEFAULT_ID);
  if (version === 5) writer.byte(0);
  for (const { topic, qos = 0 } of topicsOf(fields)) writer.text(textOf(topic)).byte(qos as number);
  return writer.finish(MQTT.subscribe, SUBSCRIBE_FLAGS);
}

/** What isn't asked of a packet doesn't matter, but for its codes: they have to tell of success. */
function compileMatcher(
  plan: PacketPlan,
  version: MqttVersion,
  fill: FillText,
): (slot: Slot, packet: Buffer) => boolean {
  const [[name, fields] = ['', {}]] = Object.entries(plan) as Array<[string, Fields]>;
  const type = MQTT[name as keyof typeof MQTT];
  const { id, code, codes, topic, payload } = fields;
  const isSame = (slot: Slot, text: PacketValue | undefined, bytes: Buffer): boolean =>
    text === undefined || bytes.equals(fill(slot, text as Template));
  return (slot, packet) => {
    if (typeOf(packet) !== type) return false;
    if (type === MQTT.publish) {
      const [from, to] = [bodyAt(packet) + 2, topicEnd(packet)];
      return (
        isSame(slot, topic, packet.subarray(from, to)) &&
        isSame(slot, payload, packet.subarray(payloadAt(packet, version)))
      );
    }
    if (id !== undefined && (packet.length < bodyAt(packet) + 2 || packet.readUInt16BE(bodyAt(packet)) !== id))
      return false;
    const found = codesOf(packet, version);
    if (code !== undefined) return found[0] === code;
    if (codes !== undefined)
      return Object.entries(codes as Fields).every(([at, wanted]) => found[Number(at)] === wanted);
    return type === MQTT.connack ? found[0] === 0 : found.every((one) => one < FAILURE);
  };
}

/** Where the topic of a PUBLISH ends (section 3.3.2.1). */
function topicEnd(packet: Buffer): number {
  const at = bodyAt(packet);
  return packet.length < at + 2 ? packet.length : Math.min(packet.length, at + 2 + packet.readUInt16BE(at));
}

function payloadAt(packet: Buffer, version: MqttVersion): number {
  const end = topicEnd(packet) + (qosOf(packet) > 0 ? 2 : 0);
  return Math.min(packet.length, afterProperties(packet, end, version));
}

function isLiteral(value: PacketValue): boolean {
  if (typeof value !== 'object' || value === null) return true;
  if (value instanceof Uint8Array) return true;
  if (isTemplate(value)) return bytesOfLiteral(value) !== undefined;
  return Object.values(value).every((inner) => isLiteral(inner as PacketValue));
}

const isTemplate = (value: object): value is Template =>
  'parts' in value &&
  Array.isArray(value.parts) &&
  value.parts.every((part) => part instanceof Uint8Array || 'inside' in part);
