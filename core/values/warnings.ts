import { humanCount, humanMs, printQuantity } from './units.ts';

/** `values` are what the sentence tells of; `hint`: what to do next, as a command to paste. */
interface WarningRow {
  readonly sentence: (values: never) => string;
  readonly hint?: (values: never) => string;
}

/**
 * Every warning that a run records: what speaks against believing it, without ending it. Codes are stable, sentences may be
 * reworded.
 */
export const WARNINGS = {
  /** Before the first socket: what was chosen, and what is tight. */
  WENGINE: {
    sentence: ({ engine, why }: { readonly engine: string; readonly why: string }) =>
      `using the ${engine} engine: ${why}`,
  },
  WNODETLS: {
    sentence: ({ why }: { readonly why: string }) =>
      `TLS is left to node:tls, which keeps some 39 KB in this client for each connection: ${why}`,
    hint: () => 'fewer --connections, or a Node.js that exports its OpenSSL: 20, 22, 24 or 26 from nodejs.org',
  },
  WADDRESS: {
    sentence: ({ url, why }: { readonly url: string; readonly why: string }) => `${url}: ${why}`,
  },
  /** A limit of this machine, found by a check of preflight. */
  WMACHINE: {
    sentence: ({ finding }: { readonly finding: string; readonly command: string }) => finding,
    hint: ({ command }: { readonly command: string }) => command,
  },
  /** A worker of a fleet was lost, and its share begun anew. */
  WREDIS: {
    sentence: ({ awayMs }: { readonly awayMs: number }) =>
      `the Redis of the fleet came back after ${humanMs(awayMs)} without its data; all shares were added anew, and their connections opened again — redis-server --appendonly yes keeps them`,
  },
  WSHARE: {
    sentence: ({
      share,
      from,
      to,
      awayMs,
    }: {
      readonly share: number;
      readonly from: string;
      readonly to: string;
      readonly awayMs: number;
    }) =>
      `share ${share + 1} of the fleet was lost with its worker on ${from}; after ${humanMs(awayMs)} it was taken up on ${to}, and its connections were opened anew`,
    hint: ({ from }: { readonly from: string }) => `see what connrig worker printed on ${from}`,
  },
  /** A worker of a fleet was lost, and nobody took its share. */
  WSHARELEFT: {
    sentence: ({ share, from, awayMs }: { readonly share: number; readonly from: string; readonly awayMs: number }) =>
      `share ${share + 1} of the fleet was lost with ${from}, and nobody took it up for ${humanMs(awayMs)}: the other workers hold its connections from now on`,
    hint: () => 'connrig worker on one more machine, which takes part from the next level on',
  },
  WFLEETROOM: {
    sentence: ({ room, wanted }: { readonly room: number; readonly wanted: number }) =>
      `the workers that are left have room for ${humanCount(room)} connections, and the run is to have ${humanCount(wanted)}: levels above wait for one more`,
    hint: () => 'connrig worker on one more machine',
  },
  /** A worker of a fleet could not keep its part of the pace, while the others did. */
  WBEHIND: {
    sentence: ({
      share,
      host,
      due,
      opened,
      cpuPercent,
      cores,
      isLowered,
    }: {
      readonly share: number;
      readonly host: string;
      readonly due: number;
      readonly opened: number;
      readonly cpuPercent: number;
      readonly cores: number;
      readonly isLowered: boolean;
    }) =>
      `share ${share + 1} of the fleet, on ${host}, fell behind while the others kept the pace: ${humanCount(opened)} of ${humanCount(due)} attempts that were due, with ${cpuPercent} % of a core of ${cores}; ` +
      (isLowered
        ? 'it gets fewer connections from now on, and the others more'
        : 'the others have no room for more, so rates and times to open are those of that machine'),
    hint: ({ host }: { readonly host: string }) => `on ${host}: top, to see what takes its processors`,
  },
  /** `isSigned`: whether the fleet has a token. */
  WFLEETFOREIGN: {
    sentence: ({ what, isSigned }: { readonly what: 'report' | 'event'; readonly isSigned: boolean }) =>
      `in Redis lies a${what === 'event' ? 'n' : ''} ${what} of this run that no worker of its fleet wrote as it is there${isSigned ? '' : ', since it can not be read'}; it is left out`,
    hint: () => 'redis-cli acl list, to see who else may write there',
  },
  WPID: {
    sentence: ({ pid, urls }: { readonly pid: number; readonly urls: string }) =>
      `neither process ${pid} nor a child of it listens at ${urls}: is it the right one?`,
    hint: ({ urls }: { readonly urls: string }) => (urls.includes('+unix:') ? 'ss -xlp' : 'ss -ltnp'),
  },
  /** `hasLeg`: whether the earlier run had this leg at all. */
  WBASELINE: {
    sentence: ({
      leg,
      folder,
      hasLeg,
    }: {
      readonly leg: string;
      readonly folder: string;
      readonly hasLeg: boolean;
    }) => {
      const why = hasLeg ? `doesn't know what one more ${leg} connection costs` : 'has no such leg';
      return `${leg}: the earlier run (${folder}) ${why}, so its growth is not watched`;
    },
  },
  WEXPORTER: {
    sentence: ({ sign }: { readonly sign: string }) =>
      `the exporter's answers may come from several processes, and then what one more connection costs is wrong: ${sign}`,
  },

  /** As many launches as were allowed have not shown what was asked. */
  WOPEN: {
    sentence: ({ question, launches }: { readonly question: string; readonly launches: number }) =>
      `after ${launches} launch${launches === 1 ? '' : 'es'}: ${question}`,
    hint: () => '--max-launches 20 --connections 10k',
  },

  /** A process that was named, and could be told to collect its garbage. */
  WGARBAGE: {
    sentence: ({
      noun,
      how,
      perturbs,
    }: {
      readonly noun: string;
      readonly how: string;
      readonly perturbs: string;
      readonly remedy: string;
    }) => `the target is ${noun}, and its garbage counts as cost; it can be collected ${how} (${perturbs})`,
    hint: ({ remedy }: { readonly remedy: string }) => remedy,
  },

  /** `--collect auto`, and a Node.js process that stays as it is. */
  WUNCOLLECTED: {
    sentence: ({ pid, why }: { readonly pid: number; readonly why: string }) =>
      `the garbage of process ${pid} can't be collected: ${why}; what lies about counts as cost`,
    hint: () => 'node --inspect=127.0.0.1:9229 …, and --inspect 127.0.0.1:9229',
  },

  /** The target that was started. */
  WNOCGROUP: {
    sentence: ({ why }: { readonly why: string }) => `the command runs in no memory cgroup of its own: ${why}`,
  },
  WNOTINCGROUP: {
    sentence: ({ folder }: { readonly folder: string }) =>
      `the command could not be put into a memory cgroup of its own, ${folder}`,
  },
  WCGROUPLEFT: {
    sentence: ({ why }: { readonly why: string }) => why,
  },
  /** While it is waited for: it may yet listen here as well. */
  WELSEWHERE: {
    sentence: ({ at, elsewhere }: { readonly at: string; readonly elsewhere: string }) =>
      `the command listens at ${elsewhere}, and does not answer on ${at} yet: is it the right URL?`,
  },
  WOUTPUT: {
    sentence: () =>
      'the target prints a lot: target.log keeps the first and the last of it, and says how much is left out',
  },

  /** While connections are held. */
  WBACKLOG: {
    sentence: ({ message }: { readonly message: string }) => `during the warm-up ${message}`,
  },
  /** While climbing. */
  WTURNEDAWAY: {
    sentence: ({ most, drops }: { readonly most: number; readonly drops: number }) =>
      `the target's accept queue, of ${humanCount(most)}, turned ${humanCount(drops)} attempts away: their clients tried again 1 s later or more, and the times to open contain that`,
    hint: () => 'a longer queue (backlog of listen() and net.core.somaxconn, at the target), or a lower --rate',
  },
  /** After the climb, by a storm say. */
  WTURNEDAWAYLATER: {
    sentence: ({ most, drops }: { readonly most: number; readonly drops: number }) =>
      `after the climb the target's accept queue, of ${humanCount(most)}, turned ${humanCount(drops)} attempts away: their clients tried again 1 s later or more, and the times until they were open contain that`,
    hint: () => 'a longer queue (backlog of listen() and net.core.somaxconn, at the target)',
  },
  WUNANSWERED: {
    sentence: ({ unanswered, of }: { readonly unanswered: number; readonly of: number }) =>
      `the target left ${unanswered} of ${of} closes unanswered: the warm-up ended after one round, and each drain takes some seconds`,
    hint: () => '--close reset',
  },
  WLATE: {
    sentence: ({ level, tookMs }: { readonly level: number; readonly tookMs: number }) =>
      `the target accepts late: the level of ${level} was open ${humanMs(tookMs)} before it had accepted all of it`,
  },
  /** It was to restart. */
  WKILLED: {
    sentence: ({ signal, withinMs }: { readonly signal: string; readonly withinMs: number }) =>
      `the target did not end within ${humanMs(withinMs)} of ${signal}: it was killed`,
    hint: ({ signal, withinMs }: { readonly signal: string; readonly withinMs: number }) =>
      `--restart-target ${signal}:${printQuantity('duration', 4 * withinMs)}, which gives it more time`,
  },
  /** `why`: how connections were lost, where they were. */
  WUNSTABLE: {
    sentence: ({ level, why }: { readonly level: number; readonly why: string | undefined }) => {
      const came = `connections came and went${why ? ` (${why})` : ''}`;
      return `the level of ${level} did not hold still: ${came}; it yields no memory point`;
    },
  },
  WCHURN: {
    sentence: ({ level }: { readonly level: number }) =>
      `the level of ${level} did not stay as large while its connections were replaced; what it takes then is not known`,
    hint: () => 'a lower turnover, such as --behaviour churn:1%/s, or a longer --open-timeout',
  },
  WFLOOD: {
    sentence: ({ level }: { readonly level: number }) =>
      `round trips at the level of ${level} were measured while a connection flooded the client: they are longer for it`,
  },
  /** `advice` goes on with the sentence, as it does in errors about losses. */
  WLOST: {
    sentence: ({
      leg,
      loss,
      advice,
    }: {
      readonly leg: string;
      readonly loss: string;
      readonly advice: string | undefined;
    }) => `${leg}: ${loss}${advice ? `; ${advice}` : ''}`,
  },
  WTLSKEPT: {
    sentence: ({ kept, open }: { readonly kept: number; readonly open: number }) =>
      `${kept} of ${open} connections keep an object of OpenSSL in this client, some 30 KB each: what was agreed on is no suite that goes on without one`,
    hint: () =>
      '--tls-ciphers TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256, where the server has one of these',
  },
  /** Without it, what was measured would pass for the cost of compression. */
  WDEFLATE: {
    sentence: ({ declined, open }: { readonly declined: number; readonly open: number }) => {
      const whose = declined === open ? 'every connection' : `${declined} of ${open} connections`;
      return `the server declined permessage-deflate on ${whose}: what compression costs there wasn't measured`;
    },
  },
  /** What nobody published can't be received. */
  WPUBLISH: {
    sentence: ({ refused, why }: { readonly refused: number; readonly why: string }) =>
      `${humanCount(refused)} requests to publish were not taken (${why}): their messages are missing at all connections`,
    hint: () => 'look at --publish, and at --publish-header for what signs it in',
  },
} as const satisfies Record<`W${string}`, WarningRow>;
export type WarningCode = keyof typeof WARNINGS;

export interface Warning {
  readonly code: WarningCode;
  /** One line for people: the sentence, and the hint where there is one. */
  readonly text: string;
}
export type Warn = (warning: Warning) => void;

/** A warning in words. Values that its sentence doesn't take don't compile. */
export function toWarning<C extends WarningCode>(
  code: C,
  ...values: Parameters<(typeof WARNINGS)[C]['sentence']>
): Warning {
  const { sentence, hint }: WarningRow = WARNINGS[code];
  const [told] = values as unknown as [never];
  return { code, text: hint ? `${sentence(told)} — ${hint(told)}` : sentence(told) };
}
