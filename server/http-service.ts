import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { PartOptions } from './options.ts';
import type { Rooms } from './rooms.ts';

/** What a listener that speaks HTTP says to its peers; see `listenHttp`, which knows their connections. */
export interface HttpService {
  /** Answers, now or later. @returns bytes of what it has said by now; undefined: it is no request for this service */
  answer(request: IncomingMessage, response: ServerResponse): number | undefined;
  /** The connection is gone. */
  forget(socket: Socket): void;
  /** Ends what goes on, in order: nobody is told anything any more. */
  stop(): void;
}

/** @param said told of what a service says beyond its first words, in bytes */
export type MakeHttpService = (
  options: Pick<PartOptions, 'eventEveryMs' | 'pollHoldMs'> & { readonly rooms: Rooms },
  said: (socket: Socket, bytes: number) => void,
) => HttpService;
