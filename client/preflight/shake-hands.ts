import { isIP } from 'node:net';
import { overTransport } from '../../core/protocols/schemes.ts';
import { type ErrorCode, RigError } from '../../core/values/errors.ts';
import type { Outcome } from '../../core/values/outcomes.ts';
import { word } from '../../core/values/shell.ts';
import { hintOfTls, TLS_FAILURES } from '../../core/values/tls-failures.ts';
import type { TargetUrl } from '../../core/values/urls.ts';
import type { Engine, SecuredEngineEvents } from '../../fleet/engines/engine.ts';
import { makeEngine, type Securing } from '../../fleet/worker/make-engine.ts';
import { authorityOf } from '../../telemetry/listen.ts';

/** How long a target may take to answer: after that the run itself finds out what is wrong. */
const PATIENCE_MS = 5000;
/** A server of TLS 1.3 judges the client's certificate when the client has been done with the handshake already. */
const SECOND_THOUGHTS_MS = 200;
const TURN_MS = 50;
const SLOT = 0;

export interface FailedHandshake {
  readonly outcome: Outcome;
  readonly detail: string;
}

/**
 * Shakes hands with a target once, just as the connections of the run are going to.
 *
 * @param others whether others are going to open them, who may have certificates: then an alert of the target says nothing
 * @throws RigError ETLSCERT, ETLS or EHANDSHAKE for what none of them would get past. A target that can't be reached is no
 *   affair of this
 */
export async function shakeHands(securing: Securing, url: TargetUrl, ip: string, others = false): Promise<void> {
  const failure = await tryHandshake(securing, ip, url.ports[0]!);
  if (others && failure?.outcome === 'tls-alert') return;
  const error = failure && handshakeError(failure, url, securing);
  if (error) throw error;
}

/** What a handshake with a target has come to; undefined where it isn't TLS that is at fault. */
export function handshakeError(failure: FailedHandshake, url: TargetUrl, securing: Securing): RigError | undefined {
  const advice = ADVICE[failure.outcome];
  if (!advice) return undefined;
  const hint = hintOn(failure, url, securing) ?? advice.hint;
  return new RigError(advice.code, `${url.text}: ${advice.sentence} (${failure.detail})`, { hint });
}

/** @returns undefined when it went well, or nobody answered */
async function tryHandshake(securing: Securing, ip: string, port: number): Promise<FailedHandshake | undefined> {
  let failure: FailedHandshake | undefined;
  let isGone = false;
  let securedAtMs = Number.POSITIVE_INFINITY;
  const events: SecuredEngineEvents = {
    onConnected() {},
    onSecured() {
      securedAtMs = performance.now();
    },
    onSecureFailure(slot, outcome, detail) {
      failure ??= { outcome, detail };
      engine.finish(slot);
    },
    onBytes() {},
    onEnd: (slot) => engine.finish(slot),
    onGone() {
      isGone = true;
    },
  };
  const options = { slots: 1, portRange: undefined, worker: { index: 0, count: 1 } };
  const engine: Engine = await makeEngine({ name: 'node', options, ownTable: false, securing }, events, () => {});
  try {
    engine.open(SLOT, { ip, port }, undefined);
    const endsAtMs = performance.now() + PATIENCE_MS;
    const isOver = (): boolean => {
      const nowMs = performance.now();
      return isGone || failure !== undefined || nowMs >= endsAtMs || nowMs >= securedAtMs + SECOND_THOUGHTS_MS;
    };
    while (!isOver()) await engine.turn(TURN_MS);
    return failure;
  } finally {
    // The alert has been handed to the kernel by now; a server that is told why is spared a guess.
    engine.finish(SLOT);
    await engine.turn(0);
    await engine.dispose();
  }
}

interface Advice {
  readonly code: ErrorCode;
  readonly sentence: string;
  readonly hint: string;
}

const ADVICE: Readonly<Partial<Record<Outcome, Advice>>> = {
  ...TLS_FAILURES,
  'bad-handshake': {
    code: 'EHANDSHAKE',
    sentence: 'it does not shake hands as TLS does',
    hint: 'read the log of the target',
  },
};

/** What is to be pasted: a certificate that the target shows itself is enough to trust it. */
function hintOn({ outcome, detail }: FailedHandshake, url: TargetUrl, { options }: Securing): string | undefined {
  const at = `${authorityOf(url.host)}:${url.ports[0]}`;
  if (outcome === 'cert-untrusted') {
    const name = isIP(options.servername) > 0 ? '' : ` -servername ${word(options.servername)}`;
    return `openssl s_client -connect ${word(at)}${name} -showcerts </dev/null >chain.pem; --ca chain.pem, if that is whom you trust; or --insecure`;
  }
  if (outcome !== 'bad-handshake') return hintOfTls(outcome, detail);
  return `${word(overTransport(url.text, 'plain'))}, where it speaks plainly; curl -vk https://${at}`;
}
