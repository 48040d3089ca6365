import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '../../core/schemas/summary.ts';
import type { Estimate } from '../../core/stats/slope.ts';
import { word } from '../../core/values/shell.ts';
import { humanCount, humanInterval } from '../../core/values/units.ts';
import { ephemeralRange, freePorts } from '../../telemetry/ports.ts';
import type { BenchPart, Figure } from './benchmark.ts';
import { rigRun } from './rig-run.ts';

/** A broker may open 20,000 files. */
const BROKERS = 6;
const LEVELS = '20k,40k,60k,80k,100k';
const CLIENTS = 100_000;

export const mqttMany: BenchPart = {
  name: 'mqtt-many',
  method: `100,000 MQTT clients in one run, each with an id of its own, against ${BROKERS} Mosquitto brokers at neighbouring ports, since each may open 20,000 files. \`connrig run tcp://127.0.0.1:P-Q --command … --dialect mqtt\`, levels ${LEVELS}, 2,500 a second; once by CONNECT alone, once with SUBSCRIBE to one topic for all.`,
  async measure() {
    const connected = await clientsOf([]);
    const subscribed = await clientsOf(['--dialect-set', 'topic=news']);
    const [plain, more] = [connected, subscribed].map(({ legs }) => legs[0]?.perConnection?.total ?? null);
    return [
      ...figuresOf('CONNECT', connected),
      ...figuresOf('CONNECT and SUBSCRIBE', subscribed),
      {
        what: 'SUBSCRIBE adds to one more client',
        value: plain && more ? `${humanCount(more.bytes - plain.bytes)} B` : 'not known',
        target: 'known',
        holds: plain !== null && more !== null,
      },
    ];
  },
};

async function clientsOf(options: readonly string[]): Promise<Summary> {
  const folder = mkdtempSync(join(tmpdir(), 'connrig-brokers-'));
  try {
    const first = await freePorts('127.0.0.1', BROKERS, ephemeralRange());
    const files = Array.from({ length: BROKERS }, (_, i) => {
      const file = join(folder, `${i}.conf`);
      writeFileSync(
        file,
        `listener ${first + i} 127.0.0.1\nallow_anonymous true\npersistence false\nconnection_messages false\n`,
      );
      return file;
    });
    const each = files.map((file) => `mosquitto -c ${word(file)} &`).join(' ');
    const command = `PATH="$PATH:/usr/sbin"; ulimit -Sn 20000; ${each} wait`;
    const url = `tcp://127.0.0.1:${first}-${first + BROKERS - 1}`;
    const plan = ['--levels', LEVELS, '--rate', '2500/s', '--open-timeout', '60s'];
    const { summary } = await rigRun(url, '--command', command, '--dialect', 'mqtt', ...plan, ...options);
    return summary;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function figuresOf(what: string, { legs, generator }: Summary): Figure[] {
  const leg = legs[0];
  const [open, failed] = [leg?.peakOpen ?? 0, (leg?.attempts ?? 0) - (leg?.outcomes.open ?? 0)];
  const cost = (estimate: Estimate | null | undefined): string =>
    estimate ? humanInterval(estimate.bytes, estimate.low, estimate.high) : 'not known';
  const { total, user, kernel } = leg?.perConnection ?? {};
  return [
    { what: `${what}: clients`, value: humanCount(open), target: humanCount(CLIENTS), holds: open === CLIENTS },
    { what: `${what}: attempts that failed`, value: humanCount(failed), target: '0', holds: failed === 0 },
    {
      what: `${what}: one more client costs`,
      value: `${cost(total)}; in user space ${cost(user)}; in the kernel ${cost(kernel)}`,
      target: 'known',
      holds: Boolean(total),
    },
    {
      what: `${what}: the rig's own cost per client`,
      value: `${humanCount(generator.bytesPerConnection ?? Number.NaN)} B`,
      target: '',
      holds: true,
    },
  ];
}
