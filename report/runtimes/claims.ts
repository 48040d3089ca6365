import type { Claim, RuntimesResult, Times } from '../../core/schemas/runtimes.ts';
import { humanBytes, humanMs } from '../../core/values/units.ts';
import { schemesIn } from './order.ts';

type Facts = Pick<RuntimesResult, 'results' | 'targets' | 'goroutines'>;
type Finding = Pick<Claim, 'measured' | 'verdict' | 'detail'>;

const MIB = 1024 * 1024;
/** What is called a modest machine. */
const MODEST_BYTES = 2048 * MIB;
/** Less is no spike of RAM on any machine, be it many times what a server of 92 KiB began with. */
const SPIKE_BYTES = 16 * MIB;
/** Times that differ by less are called alike, as are those whose launches overlap: few don't show how far they scatter. */
const ALIKE = 1.1;

const UNMEASURED: Finding = { measured: '', verdict: 'not measured', detail: '' };
const yesOrNo = (holds: boolean): Pick<Finding, 'verdict' | 'detail'> => ({
  verdict: holds ? 'holds' : 'does not hold',
  detail: '',
});
const depends = (detail: string): Pick<Finding, 'verdict' | 'detail'> => ({ verdict: 'depends', detail });

/** What is said of these runtimes, each with the rule by which measured numbers decide on it. Nobody says it of TLS. */
export function claimsOf({ targets, goroutines, results }: Facts): Claim[] {
  const facts: Facts = { targets, goroutines, results: results.filter(({ transport }) => transport === 'plain') };
  const make = (claim: string, rule: string, finding: Finding): Claim => ({ claim, rule, ...finding });
  return [
    make(
      'A thousand open TCP connections make RAM spike in some runtimes',
      `holds if any TCP server takes ${humanBytes(SPIKE_BYTES)} more with its first 1,000 connections, and at least doubles by it`,
      spikes(facts),
    ),
    make(
      'A goroutine starts at 2 KB',
      'holds if one that waits takes 2 to 3 KiB: its stack, and what the runtime keeps of it',
      goroutine(facts),
    ),
    make(
      '100,000 goroutines fit a modest machine',
      'holds if 100,000 TCP connections, a goroutine for each, take less than 2 GiB in user space and kernel',
      goroutinesFit(facts),
    ),
    make(
      'A thread for each connection costs megabytes',
      'holds if one more connection takes 1 MiB of memory or more with each server of this kind',
      threads(facts),
    ),
    make(
      "Node's single event loop struggles with compute-heavy work",
      "holds if its p99 under computing is at least twice that of Go's net/http, asked for less than one core can do and for more",
      nodeComputes(facts),
    ),
    make(
      "Python's overhead for each connection is high",
      'holds if its event-loop server takes more than the dearest of Go and Node.js, in every protocol',
      pythonOverhead(facts),
    ),
    make(
      'Go answers faster under load',
      `holds if the best Go server has the lowest p99 with the most connections open, with and without computing; within ${Math.round((ALIKE - 1) * 100)} %, or where launches overlap, is alike`,
      goFaster(facts),
    ),
    make(
      'Go ships as a single binary',
      'holds if one file is all that has to be deployed of each Go server',
      singleBinary(facts),
    ),
  ];
}

function spikes({ results }: Facts): Finding {
  const known = results.flatMap(({ target, protocol, memory }) => {
    const { growthBytes = null, open = 0 } = memory?.first ?? {};
    const baselineBytes = memory?.baselineBytes ?? null;
    if (protocol !== 'tcp' || growthBytes === null || baselineBytes === null) return [];
    // Where fewer or more were opened first, in proportion.
    return [{ target, growthBytes: (growthBytes / open) * 1000, baselineBytes }];
  });
  if (known.length === 0) return UNMEASURED;
  const spiked = known.filter(({ growthBytes, baselineBytes }) => growthBytes >= Math.max(SPIKE_BYTES, baselineBytes));
  const texts = known.map(
    ({ target, growthBytes, baselineBytes }) => `${target} ${signed(growthBytes)} on ${humanBytes(baselineBytes)}`,
  );
  return {
    measured: `${texts.join('; ')}. Spiked: ${spiked.map(({ target }) => target).join(', ') || 'none'}`,
    ...yesOrNo(spiked.length > 0),
  };
}

function goroutine({ goroutines }: Facts): Finding {
  if (!goroutines) return UNMEASURED;
  const { bytesEach, bytes, count } = goroutines;
  return {
    measured: `${humanBytes(bytesEach)} each: ${humanBytes(bytes)} for ${count.toLocaleString('en')} that wait, without connections`,
    ...yesOrNo(bytesEach >= 2048 && bytesEach <= 3072),
  };
}

function goroutinesFit({ results }: Facts): Finding {
  const many = results.find(({ target }) => target === 'go-tcp')?.many;
  if (!many || many.totalBytes === null) return UNMEASURED;
  return {
    measured: `go-tcp with ${many.open.toLocaleString('en')} open: ${humanBytes(many.totalBytes)} over ${many.processes ?? 'several'} processes`,
    ...yesOrNo(many.totalBytes < MODEST_BYTES),
  };
}

function threads({ results }: Facts): Finding {
  const known = results.flatMap(({ target, threadPerConnection, memory }) =>
    threadPerConnection && memory?.total ? [{ target, bytes: memory.total.bytes }] : [],
  );
  if (known.length === 0) return UNMEASURED;
  const dear = known.filter(({ bytes }) => bytes >= MIB);
  const isMixed = dear.length > 0 && dear.length < known.length;
  return {
    measured: `${known.map(({ target, bytes }) => `${target} ${humanBytes(bytes)}`).join('; ')}. What a thread reserves of the address space (1 to 8 MiB) isn't memory until it is used`,
    ...(isMixed ? depends(`only ${dear.map(({ target }) => target).join(', ')}`) : yesOrNo(dear.length > 0)),
  };
}

function nodeComputes({ results }: Facts): Finding {
  const loads = (['work', 'overload'] as const).flatMap((kind) => {
    const at = (name: string): { readonly name: string; readonly ms: number } | null => {
      const ms = p99Of(results.find(({ target }) => target === name)?.[kind]);
      return ms === null ? null : { name, ms };
    };
    const go = at('go-http');
    const node = [at('node-http'), at('node-express')].filter((one) => one !== null);
    if (!go || node.length === 0) return [];
    return [{ where: WHERE[kind], go, node, slow: node.filter(({ ms }) => ms >= 2 * go.ms) }];
  });
  if (loads.length === 0) return UNMEASURED;
  const slowAt = loads.filter(({ slow }) => slow.length > 0);
  const isSlowAlways = loads.every(({ slow, node }) => slow.length === node.length);
  const told = slowAt.map(({ where, slow, node }) =>
    slow.length === node.length ? where : `${where} with ${slow.map(({ name }) => name).join(', ')}`,
  );
  return {
    measured: loads
      .map(
        ({ where, go, node }) =>
          `${where}: ${[go, ...node].map(({ name, ms }) => `${name} ${humanMs(ms)}`).join(', ')}`,
      )
      .join('; '),
    ...(isSlowAlways || slowAt.length === 0 ? yesOrNo(isSlowAlways) : depends(`only ${told.join(', ')}`)),
  };
}

const WHERE = { work: 'below one core', overload: 'beyond one core' } as const;

function pythonOverhead({ results }: Facts): Finding {
  const known = schemesIn({ results }).flatMap((protocol) => {
    const cost = (language: string): number | null => {
      const all = results.flatMap((one) =>
        one.protocol === protocol && one.language === language && !one.threadPerConnection && one.memory?.user
          ? [one.memory.user.bytes]
          : [],
      );
      return all.length === 0 ? null : Math.max(...all);
    };
    const [python, go, node] = ['Python', 'Go', 'Node.js'].map(cost);
    return python == null || go == null || node == null ? [] : [{ protocol, python, go, node }];
  });
  if (known.length === 0) return UNMEASURED;
  const higher = known.filter(({ python, go, node }) => python > Math.max(go, node));
  const texts = known.map(
    ({ protocol, python, go, node }) =>
      `${protocol}: Python ${humanBytes(python)}, Go ${humanBytes(go)}, Node.js ${humanBytes(node)}`,
  );
  const isMixed = higher.length > 0 && higher.length < known.length;
  return {
    measured: `${texts.join('; ')}, in user space, the dearest of each`,
    ...(isMixed
      ? depends(`higher with ${higher.map(({ protocol }) => protocol).join(' and ')} only`)
      : yesOrNo(higher.length > 0)),
  };
}

/** The p99 of one target: the median, the least and the most of its launches. */
interface Tail {
  readonly target: string;
  readonly ms: number;
  readonly least: number;
  readonly most: number;
}

function goFaster({ results }: Facts): Finding {
  const cases = [
    ...schemesIn({ results }).map((protocol) => ({ what: protocol, protocol, kind: 'times' as const })),
    { what: 'http with computing', protocol: 'http' as const, kind: 'work' as const },
    { what: 'http beyond one core', protocol: 'http' as const, kind: 'overload' as const },
  ].flatMap(({ what, protocol, kind }) => {
    const best = (isGo: boolean): Tail | undefined =>
      results
        .filter(
          (one) =>
            one.protocol === protocol && !['C', 'nginx'].includes(one.language) && (one.language === 'Go') === isGo,
        )
        .flatMap((one) => {
          const times = one[kind].at(-1);
          const launches = times?.p99sMs.filter((ms) => ms !== null) ?? [];
          if (times?.p99Ms == null) return [];
          return [{ target: one.target, ms: times.p99Ms, least: Math.min(...launches), most: Math.max(...launches) }];
        })
        .sort((a, b) => a.ms - b.ms)[0];
    const [go, other] = [best(true), best(false)];
    return go && other ? [{ what, go, other }] : [];
  });
  if (cases.length === 0) return UNMEASURED;
  const isFaster = (one: Tail, than: Tail): boolean => one.ms * ALIKE < than.ms && one.most < than.least;
  const wordOf = ({ go, other }: (typeof cases)[number]): string =>
    isFaster(go, other) ? 'faster' : isFaster(other, go) ? 'slower' : 'alike';
  const words = cases.map(wordOf);
  const texts = cases.map(
    ({ what, go, other }) => `${what}: ${go.target} ${humanMs(go.ms)}, ${other.target} ${humanMs(other.ms)}`,
  );
  const same = words.every((word) => word === words[0]);
  return {
    measured: texts.join('; '),
    ...(same ? yesOrNo(words[0] === 'faster') : depends(cases.map(({ what }, i) => `${what} ${words[i]}`).join(', '))),
  };
}

function singleBinary({ targets }: Facts): Finding {
  const built = targets.flatMap(({ name, language, deployed }) => (deployed ? [{ name, language, deployed }] : []));
  const go = built.filter(({ language }) => language === 'Go');
  const others = built.filter(({ language }) => ['Node.js', 'Python', 'Java'].includes(language));
  if (go.length === 0) return UNMEASURED;
  const text = ({ name, deployed: { files, bytes } }: (typeof built)[number]): string =>
    `${name} ${files === 1 ? '1 file' : `${files.toLocaleString('en')} files`}, ${humanBytes(bytes)}`;
  return {
    measured: `${[...go, ...others].map(text).join('; ')}. All but Go need their runtime there as well`,
    ...yesOrNo(go.every(({ deployed }) => deployed.files === 1)),
  };
}

/** With the most connections open. */
const p99Of = (times: readonly Times[] | undefined): number | null => times?.at(-1)?.p99Ms ?? null;

const signed = (bytes: number): string => `${bytes < 0 ? '' : '+'}${humanBytes(bytes)}`;
