/** Protocols the rig can open. Also a metric label, so a closed list. */
export const PROTOCOLS = ['tcp', 'ws', 'http', 'sse'] as const;
export type ProtocolName = (typeof PROTOCOLS)[number];
export const isProtocolName = (text: string): text is ProtocolName => (PROTOCOLS as readonly string[]).includes(text);
