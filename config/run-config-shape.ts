import type { CertificateAndKey } from '../certificates/read-certificate-and-key.ts';
import type { EarlierRun } from '../core/schemas/record.ts';
import type { Plan } from '../core/values/plan.ts';
import type { TargetUrl } from '../core/values/urls.ts';
import type { LegOpening } from './opening/opening-shapes.ts';
import type { OptionValues } from './read-options.ts';
import type { RUN_OPTIONS } from './run-options.ts';
import type { TlsMaterial } from './tls-material.ts';

type Options = typeof RUN_OPTIONS;

/** A run as asked for: parsed once, complete, frozen. Settings without a default may be missing. */
export type RunConfig = Readonly<
  Omit<OptionValues<Options>, 'baseline' | 'fleet' | 'redisPassword'> & {
    /** The Redis of the fleet, with its password. Secret. */
    fleet: string | undefined;
    /** Certificates that vouch for it, PEM. */
    fleetCa: string | undefined;
    urls: readonly TargetUrl[];
    plan: Plan;
    baseline: EarlierRun | undefined;
    /** What is read of the files that TLS takes; undefined where nothing is over TLS. */
    tlsMaterial: TlsMaterial | undefined;
    /** What --metrics and --live are served with over TLS. Secret. */
    adminTls: CertificateAndKey | undefined;
    /** An opening that stood in the config file, unread; and that file. */
    inlineOpening: unknown;
    configFile: string | undefined;
    /** What connections of each leg say until they are open; none until `readOpenings`. */
    openings: readonly LegOpening[];
    /** The command that asks for the same. */
    again: string;
    /** A step of a search: its level is held for so long, and there is nothing but that; undefined: a run. */
    brief?: { readonly stayMs: number };
    /** It ends where the target takes more user memory than this; undefined: the machine alone is looked after. */
    endsAboveBytes?: number | undefined;
  }
>;

/** Whether the command line or the config file says this one. */
export type IsNamed = (key: keyof Options) => boolean;
