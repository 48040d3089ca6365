import type { LivePages } from '../live/pages.ts';
import { LIVE_PATHS } from '../live/paths.ts';
import type { ServerReader } from '../server/admin.ts';
import type { Route } from '../telemetry/answer.ts';

/**
 * The server's live page, loaded with the first request for any of it: a server that is being measured, and that nobody
 * looks at, has none of it in memory.
 */
export function serverPage(reader: ServerReader): ReadonlyMap<string, Route> {
  let pages: Promise<LivePages['routes']> | undefined;
  const load = async (): Promise<LivePages['routes']> => {
    const [{ livePages }, { ServerFeed }] = await Promise.all([
      import('../live/pages.ts'),
      import('../live/server-feed.ts'),
    ]);
    return livePages(new ServerFeed({ memory: () => reader.memory(false), top: reader.top })).routes;
  };
  return new Map(
    LIVE_PATHS.map((path): [string, Route] => [
      path,
      async (query, asker) => {
        pages ??= load();
        return (await pages).get(path)!(query, asker);
      },
    ]),
  );
}
