import { Agent, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { type MessageTemplate, PublishedMessage } from '../behaviours/published-message.ts';
import type { Publications } from '../local/publications.ts';

/** A request that publishes a message, which is its body. Plain data. */
export interface PublishRequest {
  readonly method: 'POST' | 'PUT';
  readonly url: string;
  /** Secret ones may be among them. */
  readonly headers: Readonly<Record<string, string>>;
  /** What certificates are trusted by, in PEM; undefined: by what Node.js trusts. */
  readonly ca?: string | undefined;
  /** Whether any certificate will do. */
  readonly insecure?: boolean;
}

export interface HttpPublisherOptions {
  readonly request: PublishRequest;
  readonly perSecond: number;
  readonly bytes: number;
  readonly run: number;
  readonly template: MessageTemplate | undefined;
  readonly publications: Publications;
  readonly now: () => number;
}

export interface HttpPublisher {
  /** Requests that were not answered with a status of 2xx, and what the first was answered with. */
  readonly refused: { readonly count: number; readonly why: string | undefined };
  setTalking(talking: boolean): void;
  stop(): void;
}

/** An answer takes no longer, or the message wasn't published. */
const ANSWER_WITHIN_MS = 5000;

/** Publishes by requests, so many a second by the clock; the first one as soon as it may. */
export function startHttpPublisher(options: HttpPublisherOptions): HttpPublisher {
  const { request, perSecond, publications, now } = options;
  const message = new PublishedMessage(options.bytes, options.run, options.template);
  const url = new URL(request.url);
  const isSecure = url.protocol === 'https:';
  const send = isSecure ? secureRequest : plainRequest;
  const trust = isSecure ? { ca: request.ca, rejectUnauthorized: request.insecure !== true } : {};
  const agent = isSecure ? new SecureAgent({ keepAlive: true, ...trust }) : new Agent({ keepAlive: true });
  let timer: NodeJS.Timeout | undefined;
  let startedAtMs = 0;
  let taken = 0;
  let count = 0;
  let why: string | undefined;

  const plannedOf = (index: number): number => startedAtMs + (index * 1000) / perSecond;

  function refuse(reason: string): void {
    count += 1;
    why ??= reason;
  }

  function publish(plannedAtMs: number): void {
    const sentAtMs = now();
    const number = publications.latest + 1;
    publications.add(number, plannedAtMs, sentAtMs);
    const body = Buffer.from(message.write(number, plannedAtMs, sentAtMs));
    const headers = { 'Content-Type': 'text/plain', ...request.headers, 'Content-Length': body.length };
    const asked = send(url, { method: request.method, headers, agent, timeout: ANSWER_WITHIN_MS });
    asked.on('response', (answer) => {
      const { statusCode = 0, statusMessage = '' } = answer;
      if (statusCode < 200 || statusCode > 299) refuse(`${statusCode} ${statusMessage}`.trim());
      answer.resume();
    });
    asked.on('timeout', () => asked.destroy(new Error('no answer')));
    asked.on('error', (error: NodeJS.ErrnoException) => refuse(error.code ?? error.message));
    asked.end(body);
  }

  function step(): void {
    for (; plannedOf(taken) <= now(); taken++) publish(plannedOf(taken));
    timer = setTimeout(step, Math.max(0, plannedOf(taken) - now()));
  }

  function rest(): void {
    clearTimeout(timer);
    timer = undefined;
  }

  return {
    get refused() {
      return { count, why };
    },
    setTalking(talking) {
      if (!talking) rest();
      else if (timer === undefined) {
        startedAtMs = now();
        taken = 0;
        step();
      }
    },
    stop() {
      rest();
      agent.destroy();
    },
  };
}
