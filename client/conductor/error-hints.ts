import { overTransport } from '../../core/protocols/schemes.ts';
import { RigError } from '../../core/values/errors.ts';
import { word } from '../../core/values/shell.ts';
import type { TargetUrl } from '../../core/values/urls.ts';
import { authorityOf } from '../../telemetry/listen.ts';
import { whoIsAt } from '../launch/attached.ts';
import { answersTls } from '../preflight/answers-tls.ts';
import { isAt, type ListensAt, whereAnybodyListens, whereItListens } from '../preflight/listeners.ts';
import { lookAtSocket } from '../preflight/look-at-socket.ts';

/** Where connections went, and to whom. */
export interface ErrorHintContext {
  readonly url: TargetUrl;
  readonly ip: string;
  /** The target's end lies in this machine's kernel. */
  readonly local: boolean;
  /** Root of the target's process tree; null when it isn't known. */
  readonly pid: number | null;
  /** The leg's top level. */
  readonly connections: number;
  /** What the target prints is in the run folder. */
  readonly isLogged: boolean;
}

/** What ended a leg, with a hint that fits it: addresses and numbers filled in, and who does listen where nobody did. */
export async function byCircumstances(error: unknown, at: ErrorHintContext): Promise<unknown> {
  if (!(error instanceof RigError)) return error;
  const hint =
    error.code === 'EREFUSED' ? await whoListens(at) : ((await overTls(error, at)) ?? filledIn(error.hint, at));
  return hint === error.hint ? error : new RigError(error.code, error.message, { hint, cause: error.cause ?? error });
}

/** Many servers of TLS say nothing to those who come without: they are asked once, in their own words. */
async function overTls({ code, hint }: RigError, { url, ip }: ErrorHintContext): Promise<string | undefined> {
  const isMute = code === 'EHANDSHAKE' || code === 'ETIMEDOUT';
  if (!isMute || url.family === 'unix' || url.transport === 'tls' || hint.startsWith('connrig run ')) return undefined;
  if (!(await answersTls(ip, url.ports[0]!, url.host))) return undefined;
  return `it speaks TLS: connrig run ${word(overTransport(url.text, 'tls'))}`;
}

function filledIn(hint: string, { url, ip, connections, isLogged }: ErrorHintContext): string {
  const at = url.text.replace(/^(?:ws|sse)(?=s?:)/i, 'http').replace(/:(\d+)-\d+(?=[/?]|$)/, ':$1');
  // Whomever it trusts, and before it has agreed on HTTP/2.
  const asked = url.transport === 'tls' ? hint.replace(/^curl (?=.*<url>)/, 'curl -k --http1.1 ') : hint;
  return asked
    .replaceAll('<url>', () => (url.socketPath === undefined ? word(at) : curlAt(url.socketPath, url.text)))
    .replaceAll('<target>', () => word(url.text))
    .replaceAll('<ip>', () => ip)
    .replaceAll('<count>', () => String(connections))
    .replaceAll('the log of the target', (log) => (isLogged ? '<run folder>/target.log' : log));
}

/** As curl is told of a Unix socket. */
const curlAt = (path: string, text: string): string =>
  `--unix-socket ${word(path)} ${word(`http://localhost${/^[^:]+:[^:]*:(.*)$/.exec(text)?.[1] ?? '/'}`)}`;

/** A server at another address of this machine, or at another port, is the usual reason. */
async function whoListens({ url, ip, local, pid }: ErrorHintContext): Promise<string> {
  if (url.socketPath !== undefined) {
    return (await lookAtSocket(url.socketPath))?.hint ?? `${whoIsAt(url)}, to see who listens there`;
  }
  const [port = 0] = url.ports;
  const filter = `'sport = :${port}'`;
  if (!local) return `at ${ip}: ss -ltn ${filter}, to see whether anything listens there`;
  const urlOf = (one: ListensAt): string => `${url.scheme}://${authorityOf(one.ip)}:${one.port}${pathOf(url)}`;
  const others = await whereAnybodyListens(url.ports);
  // It may have begun to listen just now.
  const other = others.find((one) => !isAt(one, ip, one.port));
  if (other) return `what listens at port ${other.port} does so at another address: ${word(urlOf(other))}`;
  const own = pid === null ? [] : ((await whereItListens(pid)) ?? []);
  if (own.length > 0) return `process ${pid} listens elsewhere: ${own.map((one) => word(urlOf(one))).join(', or ')}`;
  return `ss -ltnp${others.length > 0 ? ` ${filter}` : ''}, to see what listens there`;
}

const pathOf = ({ text }: TargetUrl): string => /^[^:]+:\/\/[^/?]*(.*)$/.exec(text)?.[1] ?? '';
