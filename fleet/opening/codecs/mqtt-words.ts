import { afterProperties, bodyAt, MQTT, type MqttVersion, typeOf } from './mqtt-packets.ts';

/** Return codes of CONNACK (MQTT 3.1.1, section 3.2.2.3). */
const RETURN_CODES: Readonly<Record<number, string>> = {
  0: 'accepted',
  1: 'unacceptable protocol version',
  2: 'client id rejected',
  3: 'server unavailable',
  4: 'bad user name or password',
  5: 'not authorized',
};

/** Reason codes (MQTT 5.0, section 2.4). 0 to 2 depend on the packet. */
const REASON_CODES: Readonly<Record<number, string>> = {
  4: 'disconnect with will message',
  16: 'no matching subscribers',
  17: 'no subscription existed',
  24: 'continue authentication',
  25: 're-authenticate',
  128: 'unspecified error',
  129: 'malformed packet',
  130: 'protocol error',
  131: 'implementation specific error',
  132: 'unsupported protocol version',
  133: 'client id not valid',
  134: 'bad user name or password',
  135: 'not authorized',
  136: 'server unavailable',
  137: 'server busy',
  138: 'banned',
  139: 'server shutting down',
  140: 'bad authentication method',
  141: 'keep alive timeout',
  142: 'session taken over',
  143: 'topic filter invalid',
  144: 'topic name invalid',
  145: 'packet identifier in use',
  146: 'packet identifier not found',
  147: 'receive maximum exceeded',
  148: 'topic alias invalid',
  149: 'packet too large',
  150: 'message rate too high',
  151: 'quota exceeded',
  152: 'administrative action',
  153: 'payload format invalid',
  154: 'retain not supported',
  155: 'QoS not supported',
  156: 'use another server',
  157: 'server moved',
  158: 'shared subscriptions not supported',
  159: 'connection rate exceeded',
  160: 'maximum connect time',
  161: 'subscription identifiers not supported',
  162: 'wildcard subscriptions not supported',
};

const NAME_OF = Object.fromEntries(Object.entries(MQTT).map(([name, type]) => [type, name.toUpperCase()]));

/** A packet for people: `CONNACK 135, not authorized`. */
export function describePacket(packet: Buffer, version: MqttVersion): string {
  const type = typeOf(packet);
  const name = NAME_OF[type] ?? `packet ${type}`;
  const codes = codesOf(packet, version);
  return codes.length === 0 ? name : `${name} ${codes.map((code) => wordsOf(type, code, version)).join('; ')}`;
}

/** The return or reason codes that a packet has, in their order. */
export function codesOf(packet: Buffer, version: MqttVersion): number[] {
  const at = bodyAt(packet);
  switch (typeOf(packet)) {
    case MQTT.connack:
      return [...packet.subarray(at + 1, at + 2)];
    case MQTT.suback:
    case MQTT.unsuback:
      return [...packet.subarray(afterProperties(packet, at + 2, version))];
    case MQTT.puback:
      return [...packet.subarray(at + 2, at + 3)];
    case MQTT.disconnect:
      return [...packet.subarray(at, at + 1)];
    default:
      return [];
  }
}

function wordsOf(type: number, code: number, version: MqttVersion): string {
  if (type === MQTT.suback && code < 0x80) return `QoS ${code}`;
  if (type === MQTT.suback && version === 4) return `${code}, failure`;
  // A broker that knows 3.1.1 alone answers by a return code, whatever it was asked in.
  const words = type === MQTT.connack && code < 0x80 ? RETURN_CODES[code] : REASON_CODES[code];
  const normal = type === MQTT.disconnect ? 'normal' : type === MQTT.connack ? 'accepted' : 'success';
  return `${code}, ${words ?? (code === 0 ? normal : 'a code without a name')}`;
}
