/** Protocols the rig can open. Also a metric label, so a closed list. */
export const PROTOCOLS = ['tcp', 'ws', 'http'] as const;
/** What is run and served unless somebody says otherwise. */
export const DEFAULT_PROTOCOLS = ['tcp', 'ws'] as const satisfies readonly ProtocolName[];
export type ProtocolName = (typeof PROTOCOLS)[number];
export const isProtocolName = (text: string): text is ProtocolName => (PROTOCOLS as readonly string[]).includes(text);
