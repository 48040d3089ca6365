/** Where the live page and its parts are served. Alone here, so that naming them loads none of them. */
export const LIVE_PATHS = ['/', '/page.js', '/page.css', '/echarts.js', '/icon.svg', '/events', '/state.json'] as const;
export type LivePath = (typeof LIVE_PATHS)[number];
