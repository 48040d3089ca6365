import type { BeforePlan } from '../../core/opening/plan.ts';
import { breaksHeader, type Template, takenInHeaders } from '../../core/opening/template.ts';
import { Gathered } from '../protocols/gathered.ts';
import { cameOfHead, closedAfter } from '../protocols/http-head.ts';
import { createResponseReader } from '../protocols/http-reader.ts';
import type { Framing } from '../protocols/http-response.ts';
import { Pieces } from '../protocols/pieces.ts';
import type { ProtocolEvents, Slot } from '../protocols/protocol.ts';
import { type FillText, prepareRequest, requestTemplate } from '../protocols/request-words.ts';
import type { Identities } from './identities.ts';
import { parsed, takeFields } from './patterns.ts';
import { quoteSaid } from './quote-said.ts';

/** Requests of HTTP on a connection that becomes another protocol's afterwards. */
export interface BeforeUpgrade {
  /** The first request. Only valid until the next call. */
  begin(slot: Slot): Uint8Array;
  onBytes(slot: Slot, bytes: Uint8Array): void;
  /** The peer sent FIN. */
  onEnd(slot: Slot): void;
  cameSoFar(slot: Slot): string;
  forget(slot: Slot): void;
}

export interface BeforeEvents {
  /** All are answered. */
  onDone(slot: Slot): void;
  readonly onFailure: ProtocolEvents['onHandshakeFailure'];
  say(slot: Slot, bytes: Uint8Array): void;
}

interface BeforeDeps {
  readonly slots: number;
  readonly identities: Identities;
  readonly fill: FillText;
  /** Value of the Host header. */
  readonly hostHeader: string;
  /** Those of the upgrade. */
  readonly headers: Template | undefined;
}

/** An answer in JSON may be so long, where fields of it are taken. */
const MOST_BODY_BYTES = 65_536;
const MOST_HELD_BYTES = 16 * 2 ** 20;
/** A server expects a body of these, be it an empty one. */
const HAS_BODY = /^(?:POST|PUT|PATCH) /;

/** 7 bytes a slot. */
export function createBefore(plans: readonly BeforePlan[], deps: BeforeDeps, events: BeforeEvents): BeforeUpgrade {
  const { slots, identities, headers } = deps;
  const inHeaders = takenInHeaders([headers, ...plans.map(({ head }) => head)]);
  const requests = plans.map((plan) => requestOf(plan, deps));
  /** Which request is unanswered. */
  const at = new Uint8Array(slots);
  const pieces = new Pieces();
  const bodies = new Gathered(MOST_BODY_BYTES);
  const reader = createResponseReader({ slots, pieces }, { onHead, onBody, onComplete, onUnasked, onViolation });
  /** Bodies of answers that aren't those of the request under way are read over. */
  const isTaken = (slot: Slot): boolean => plans[at[slot]!]!.take.length > 0;

  function ask(slot: Slot): Uint8Array {
    reader.expect(slot);
    return requests[at[slot]!]!(slot);
  }

  function refuse(slot: Slot, detail: string): void {
    fail(slot, 'opening-refused', detail);
  }

  function fail(...[slot, outcome, detail, isStranger]: Parameters<BeforeEvents['onFailure']>): void {
    reader.stop(slot);
    events.onFailure(slot, outcome, `${plans[at[slot]!]!.said}: ${detail}`, isStranger);
  }

  function onHead(slot: Slot, { status, statusText, keepsOpen }: Framing): void {
    if (status < 200 || status > 299) refuse(slot, statusText);
    else if (!keepsOpen)
      refuse(slot, `${statusText}, and the server closes the connection, so nothing can follow on it`);
  }

  function onBody(slot: Slot, bytes: Uint8Array): void {
    if (!isTaken(slot)) return;
    if (bodies.view(slot).length + bytes.length > MOST_BODY_BYTES) {
      refuse(slot, `an answer of more than ${MOST_BODY_BYTES} bytes, of which fields should be taken`);
      return;
    }
    bodies.add(slot, bytes);
    if (bodies.heldBytes > MOST_HELD_BYTES) refuse(slot, `answers take more than ${MOST_HELD_BYTES} bytes together`);
  }

  function onComplete(slot: Slot): void {
    const { take } = plans[at[slot]!]!;
    const body = bodies.take(slot);
    let breaking: string | undefined;
    const missing = takeFields(parsed(body.toString()), take, (name, value) => {
      identities.keepTaken(slot, name, value);
      if (inHeaders.has(name) && breaksHeader(value)) breaking = name;
    });
    if (missing !== undefined) {
      const said = body.length === 0 ? 'is empty' : `is ${quoteSaid(body, (text) => identities.hide(slot, text))}`;
      refuse(slot, `there is no field ${missing} to take in the answer, which ${said}`);
    } else if (breaking !== undefined) {
      refuse(
        slot,
        `what its answer gives for {${breaking}} has a line break or another control character in it, and a header can't have one`,
      );
    } else if (at[slot]! + 1 < plans.length) {
      at[slot] = at[slot]! + 1;
      events.say(slot, ask(slot));
    } else {
      events.onDone(slot);
    }
  }

  function onUnasked(slot: Slot, { statusText }: Framing): void {
    refuse(slot, `behind its answer came ${statusText}, which nobody asked for`);
  }

  function onViolation(slot: Slot, detail: string, isStranger?: boolean): void {
    fail(slot, 'bad-handshake', detail, isStranger);
  }

  const cameSoFar = (slot: Slot): string => cameOfHead(pieces.get(slot), reader.interims(slot));

  return {
    begin(slot) {
      at[slot] = 0;
      bodies.delete(slot);
      reader.start(slot);
      return ask(slot);
    },
    onBytes: (slot, bytes) => reader.read(slot, bytes),
    onEnd(slot) {
      const came = cameSoFar(slot);
      fail(slot, 'closed-early', closedAfter(came));
    },
    cameSoFar: (slot) => `${plans[at[slot]!]!.said} has ${cameSoFar(slot)}`,
    forget(slot) {
      reader.stop(slot);
      bodies.delete(slot);
    },
  };
}

/** A request as one connection makes it: how long its body is is known when that is filled. */
function requestOf({ head, body, said }: BeforePlan, { fill, hostHeader }: BeforeDeps): (slot: Slot) => Buffer {
  const headOf = prepareRequest(requestTemplate(head, `Host: ${hostHeader}\r\n`), fill);
  const bodyOf = prepareRequest(body, fill);
  return (slot) => {
    const content = Buffer.from(bodyOf(slot));
    const length = content.length > 0 || HAS_BODY.test(said) ? `Content-Length: ${content.length}\r\n` : '';
    return Buffer.concat([headOf(slot), Buffer.from(`${length}\r\n`), content]);
  };
}
