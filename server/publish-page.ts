import { json, noQuery, sentence } from '../telemetry/answer.ts';
import type { PostRoutes } from '../telemetry/post-routes.ts';
import type { ServerPart } from './server-process.ts';

/** `POST /publish?room=NAME`: the body goes to all in that room, in all processes; as text, unless its type says otherwise. */
export const publishRoute = (parts: readonly ServerPart[]): PostRoutes =>
  new Map([
    [
      '/publish',
      (query, body) => {
        const room = query.get('room') ?? '';
        if (!/^[\w.-]{1,64}$/.test(room)) return sentence(400, 'room names who is told, such as /publish?room=news');
        const stranger = noQuery(query, 'room');
        if (stranger) return stranger;
        for (const part of parts) part.publish({ room, data: body, isText: true });
        return json({ schema: 1, room, bytes: body.length });
      },
    ],
  ]);
