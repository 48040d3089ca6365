/** Which row a connection has: its own alone, all in turn, or any. */
export const DATA_ORDERS = ['each', 'cycle', 'random'] as const;
export type DataOrder = (typeof DATA_ORDERS)[number];
