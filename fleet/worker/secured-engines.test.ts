/** The contract of engines, of those that secure their connections: the same servers behind TLS. */
import { engineContract, openingEngineContract } from '../../test/contract/engine.ts';
import { CERTIFICATE, SECURED_PEERS } from '../../test/contract/peers.ts';
import type { EngineFactory } from '../../test/contract/subject.ts';
import { securedFor } from '../../test/tls/held.ts';
import type { SecuredEngineEvents } from '../engines/engine.ts';
import { type EngineName, whyNoUring } from '../engines/index.ts';
import { loadWorkerEngine, type Securing } from './make-engine.ts';

const OPTIONS = { slots: 20_000, portRange: undefined, worker: { index: 0, count: 1 } } as const;

/** A connection counts as connected when it is secured; that it is not is told like the end of a socket. */
async function loadFactory(name: EngineName, by: Securing['by']): Promise<EngineFactory> {
  const make = await loadWorkerEngine(name, { by, options: securedFor(CERTIFICATE.cert) });
  return (events, queueBounds) => {
    const options = { ...OPTIONS, ...(queueBounds && { queueBounds }) };
    const secured: SecuredEngineEvents = {
      ...events,
      onConnected() {},
      onSecured: (slot) => events.onConnected(slot),
      onSecureFailure(slot, outcome, detail) {
        throw new Error(`slot ${slot}: ${outcome}: ${detail}`);
      },
    };
    return make(options, false, secured, () => {});
  };
}

engineContract('node:tls', await loadFactory('node', 'node-tls'), SECURED_PEERS);
engineContract('OpenSSL over epoll', await loadFactory('epoll', 'openssl'), SECURED_PEERS);
if ((await whyNoUring(process.platform)) === undefined) {
  engineContract('OpenSSL over uring', await loadFactory('uring', 'openssl'), SECURED_PEERS);
}
openingEngineContract('OpenSSL over node', await loadFactory('node', 'openssl'), SECURED_PEERS);
