import { createMemoryServer, MEMORY_SERVER_NAME } from './memory-server.ts';
import { loadOpenSsl } from './openssl.ts';
import { createTlsTransport } from './tls-transport.ts';

const SLOT = 0;
const MESSAGE = Buffer.from('what is said');
/** Flights that a handshake may take. */
const MOST_FLIGHTS = 10;
const OPTIONS = {
  servername: MEMORY_SERVER_NAME,
  verify: true,
  own: undefined,
  alpn: [],
  versions: ['1.2', '1.3'],
  ciphers: undefined,
  groups: undefined,
  resume: false,
} as const;

/**
 * Holds a connection over TLS with a server of OpenSSL in this thread: the handshake, a message in each direction, and its end.
 *
 * @returns in words, why that can't be done; undefined when it can
 * @throws when one of the functions can't be had
 */
export function testOpenSsl(): string | undefined {
  const openssl = loadOpenSsl();
  const server = createMemoryServer(openssl);
  const peer = server.accept();
  const seen: { trouble?: string; isSecured: boolean; hasEnded: boolean } = { isSecured: false, hasEnded: false };
  const heard: Uint8Array[] = [];
  const toServer: Uint8Array[] = [];
  const transport = createTlsTransport(
    { ...OPTIONS, ca: server.certificate },
    1,
    {
      onSend: (_, bytes) => void toServer.push(bytes.slice()),
      onSecured: () => {
        seen.isSecured = true;
      },
      onPlain: (_, bytes) => void heard.push(bytes.slice()),
      onPeerEnd: () => {
        seen.hasEnded = true;
      },
      onFailure: (_, _outcome, detail) => {
        seen.trouble = detail;
      },
    },
    () => {},
  );
  const exchange = () => {
    const answer = peer.answer(Buffer.concat(toServer.splice(0)));
    if (answer.length > 0) transport.onBytes(SLOT, answer);
  };
  try {
    transport.start(SLOT);
    for (let flight = 0; flight < MOST_FLIGHTS && !seen.isSecured && seen.trouble === undefined; flight++) exchange();
    if (seen.trouble !== undefined) return `its handshake failed: ${seen.trouble}`;
    if (!seen.isSecured) return 'its handshake came to no end';
    toServer.push(transport.seal(SLOT, MESSAGE).slice());
    exchange();
    toServer.push(transport.goodbye(SLOT).slice());
    exchange();
    const isSame = Buffer.concat(heard).equals(MESSAGE) && seen.hasEnded;
    return isSame ? undefined : 'a server of its own understood something else than was said';
  } finally {
    transport.dispose();
    peer.dispose();
    server.dispose();
  }
}
