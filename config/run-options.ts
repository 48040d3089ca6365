import type { OptionTable } from './option.ts';
import { CONNECTION_OPTIONS } from './run/connections-options.ts';
import { FLEET_OPTIONS } from './run/fleet-options.ts';
import { FOLDER_OPTIONS } from './run/folder-options.ts';
import { OPENING_OPTIONS } from './run/opening-options.ts';
import { READING_OPTIONS } from './run/readings-options.ts';
import { TARGET_OPTIONS } from './run/target-options.ts';
import { TLS_OPTIONS } from './run/tls-options.ts';
import { TRAFFIC_OPTIONS } from './run/traffic-options.ts';
import { VERDICT_OPTIONS } from './run/verdict-options.ts';
import { WATCHING_OPTIONS } from './run/watching-options.ts';

/** Every setting of `connrig run`, a file a group. The only table: command line, config file, help and defaults all come from it. */
export const RUN_OPTIONS = {
  ...CONNECTION_OPTIONS,
  ...FLEET_OPTIONS,
  ...TLS_OPTIONS,
  ...OPENING_OPTIONS,
  ...TRAFFIC_OPTIONS,
  ...TARGET_OPTIONS,
  ...READING_OPTIONS,
  ...VERDICT_OPTIONS,
  ...WATCHING_OPTIONS,
  ...FOLDER_OPTIONS,
} as const satisfies OptionTable;
