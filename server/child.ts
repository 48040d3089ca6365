import { formatError, RigError } from '../core/values/errors.ts';
import type { Failure, FromChild, Question, ToChild } from './ipc.ts';
import { fromSaid, toSaid } from './rooms.ts';
import { type ServerPart, startPart } from './server-process.ts';

/** The channel to the supervisor, as the child's entry file gets it from its process. */
export interface ParentChannel {
  send(message: FromChild): void;
  onMessage(handler: (message: ToChild) => void): void;
}

/** Serves what the supervisor says, in this process, and answers its questions until it is asked to close. */
export function serveAsChild(channel: ParentChannel): void {
  let part: ServerPart | undefined;

  async function handle(message: ToChild): Promise<void> {
    if (message.kind === 'start') {
      try {
        part = await startPart(message.options, (said) => channel.send(toSaid(said)));
        channel.send({ kind: 'ready', ports: part.ports });
      } catch (error) {
        channel.send({ kind: 'failed', failure: failureOf(error) });
      }
      return;
    }
    if (message.kind === 'said') {
      part?.publish(fromSaid(message));
      return;
    }
    const { id, question } = message;
    try {
      if (!part) throw new TypeError('asked before it was started');
      channel.send({ kind: 'answer', id, value: await answer(part, question) });
    } catch (error) {
      channel.send({ kind: 'answer', id, failure: failureOf(error) });
    }
  }

  channel.onMessage((message) => void handle(message));
}

function answer(part: ServerPart, question: Question): Promise<unknown> {
  switch (question.kind) {
    case 'snapshot':
      return part.snapshot(question.collect);
    case 'top':
      return part.top(question.count);
    case 'close':
      return part.close(question.graceMs);
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof RigError) return { code: error.code, message: error.message, hint: error.hint };
  return { code: 'EDEFECT', message: formatError(error), hint: 'please report this' };
}
