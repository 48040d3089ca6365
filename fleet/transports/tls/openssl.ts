import koffi, { type TypeObject } from 'koffi';
import { type Address, type LibCrypto, loadLibCrypto } from './libcrypto.ts';
import { type LibSsl, loadLibSsl } from './libssl.ts';

/** OpenSSL as it is in this process: Node's executable has it, and offers its functions to addons on purpose. */
export type OpenSsl = LibSsl & LibCrypto;

/** Its structures were made opaque and its functions got the names used here in OpenSSL 3. */
const OLDEST = 0x30000000;

/** Told of the keys of a handshake that is under way, as NSS writes them: `LABEL random secret`. */
type KeyLogger = (line: string) => void;

/** A function that was looked up is there for good, so they are looked up once. */
let loaded: OpenSsl | undefined;

/** @throws when one of its functions can't be had, or it is older than OpenSSL 3 */
export function loadOpenSsl(): OpenSsl {
  if (loaded !== undefined) return loaded;
  const lib = koffi.load(null);
  const openssl = { ...loadLibCrypto(lib), ...loadLibSsl(lib) };
  const version = openssl.version();
  if (version < OLDEST) throw new Error(`OpenSSL is ${dotted(version)}, and it takes 3.0 or later`);
  loaded = openssl;
  return openssl;
}

/** 3.0.19: what {@link LibSsl.version} says, for people. */
export const dotted = (version: number): string =>
  [version >>> 28, (version >>> 20) & 0xff, (version >>> 4) & 0xffff].join('.');

let loggerType: TypeObject | undefined;

/** Makes a function of ours one that OpenSSL can call, from this thread. Has to be given back. */
export function lendKeyLogger(logger: KeyLogger): { readonly pointer: bigint; giveBack(): void } {
  loggerType ??= koffi.pointer(koffi.proto('void (uintptr_t ssl, const char *line)'));
  const pointer = koffi.register((_ssl: Address, line: string) => logger(line), loggerType);
  return { pointer, giveBack: () => koffi.unregister(pointer) };
}

/** The text at an address. */
export const textAt = (address: bigint, length: number): string => koffi.decode(address, 'char', length);
