/** `connrig run --metrics`: what is scraped while a run goes on, and that it agrees with what the run comes to. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { RUN_KEYS } from '../../client/metrics/run-now.ts';
import { KERNEL_COMPONENTS } from '../../core/ledger/kernel-rows.ts';
import { USER_COMPONENTS } from '../../core/ledger/ledger.ts';
import { Summary } from '../../core/schemas/summary.ts';
import { CLOSE_REASONS, OUTCOMES } from '../../core/values/outcomes.ts';
import {
  assertFailed,
  assertWentThrough,
  connrig,
  connrigHere,
  HASTY,
  newFolder,
  ONE_LEVEL,
  reportOn,
  type Started,
  startConnrig,
} from '../support/connrig.ts';
import { startEcho } from '../support/echo.ts';
import { findUnrecorded, NOT_OF_ECHO, samplesIn } from '../support/scrape.ts';
import { startServe } from '../support/serve-process.ts';
import { eventually } from '../support/wait.ts';

const TIMEOUT = { timeout: 300_000 };
const onLinux = { ...TIMEOUT, skip: process.platform !== 'linux' ? 'needs /proc' : false };
type Samples = Map<string, number>;

/** Where a run says its metrics are. */
const urlOf = (run: Started): Promise<string> =>
  eventually(() => /^metrics at (http:\S+)$/m.exec(run.stderr())?.[1], 'the address of the metrics');

const scrape = async (url: string): Promise<Samples> => samplesIn(await (await fetch(url)).text());

/** Scrapes until the run says that it stays only for that: every page there was, and the two it waited for. */
async function scrapeToTheEnd(run: Started, url: string): Promise<{ pages: Samples[]; last: [Samples, Samples] }> {
  const pages: Samples[] = [];
  while (!/^metrics stay at/m.test(run.stderr())) {
    assert.equal(run.child.exitCode, null, run.stderr());
    pages.push(await scrape(url));
    await delay(200);
  }
  return { pages, last: await Promise.all([scrape(url), scrape(url)]) };
}

/** Whatever the moment: what belongs together adds up. */
function assertAddsUp(page: Samples): void {
  const of = (name: string, labels: string): number => page.get(`connrig_${name}{${labels}}`) ?? Number.NaN;
  for (const protocol of ['tcp', 'ws']) {
    const label = `protocol="${protocol}",leg="${protocol}"`;
    const outcomes = OUTCOMES.map((outcome) => of('connection_outcomes_total', `${label},outcome="${outcome}"`));
    const closed = CLOSE_REASONS.map((reason) => of('connections_closed_total', `${label},reason="${reason}"`));
    const open = of('connections_open', label);
    assert.equal(of('connection_attempts_total', label), sum(outcomes) + of('connections_opening', label));
    assert.equal(outcomes[OUTCOMES.indexOf('open')], open + sum(closed));
    assert.equal(of('open_duration_seconds_bucket', `${label},le="+Inf"`), of('open_duration_seconds_count', label));
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
const isCumulative = (name: string): boolean => /_total(\{|$)|_bucket\{|_count(\{|$)/.test(name);

function assertNeverDown(pages: readonly Samples[]): void {
  for (const [i, page] of pages.entries()) {
    for (const [name, before] of pages[i - 1] ?? []) {
      // The target's processor time is that of its present process.
      if (!isCumulative(name) || name === 'connrig_target_cpu_seconds_total') continue;
      assert.ok(page.get(name)! >= before, `${name} was ${before}, then ${page.get(name)}`);
    }
  }
}

describe('connrig run --metrics', () => {
  it('shows a run of 1,500 connections as it goes, and agrees with its summary', onLinux, async (t) => {
    const folder = newFolder(t);
    const what = ['--connections', '1500', '--levels', '5', '--behaviour', 'echo:500/s:64B', '--talk', '1s'];
    const how = ['--metrics', '0', '--linger', '60s', '--json', '--name', 'scraped', '--out', folder];
    const run = startConnrig(t, ['run', ...what, ...how], { deadlineMs: 280_000 });
    const url = await urlOf(run);
    const { pages, last } = await scrapeToTheEnd(run, url);
    const ended = await run.ended;
    assertWentThrough(ended);
    const summary = Summary.parse(JSON.parse(ended.stdout));

    const begun = pages.filter((page) => page.has('connrig_run_launch'));
    assert.ok(begun.length > 20, `${begun.length} pages`);
    begun.forEach(assertAddsUp);
    assertNeverDown([...begun, ...last.slice(0, 1)]);
    const phases = new Set(begun.flatMap((page) => [...page]).map(([name, value]) => (value === 1 ? name : '')));
    for (const protocol of ['tcp', 'ws']) {
      assert.ok(phases.has(`connrig_run_phase{protocol="${protocol}",leg="${protocol}",phase="ramp"}`));
      assert.ok(phases.has(`connrig_run_phase{protocol="${protocol}",leg="${protocol}",phase="settle"}`));
    }
    for (const page of [...pages, ...last]) assert.ok(page.size < 450, `${page.size} series`);
    if (process.getuid?.() === 0) assertLedgers(begun);

    const [one, other] = last;
    const histogramsIn = (page: Samples) =>
      [...page].filter(([name]) => /^connrig_(open|schedule|round)\w+_(bucket|sum|count)/.test(name));
    assert.ok(histogramsIn(one).length > 100);
    assert.deepEqual(histogramsIn(one), histogramsIn(other), 'two scrapers at once see the same');
    assertAgrees(one, summary);
    // Whatever isn't of a moment, of another behaviour, of TLS, or of a machine of another kind, was to be seen.
    const absent = findUnrecorded(RUN_KEYS, ...pages, ...last);
    // A cost that levels don't show is in no metric; on a machine that is busy with other things it may be so in both legs.
    const costs = summary.legs.every(({ inconclusive }) => inconclusive !== null) ? ['memoryPerConnection'] : [];
    assert.deepEqual(
      absent.filter((key) => !key.startsWith('targetCgroup') && !costs.includes(key)),
      NOT_OF_ECHO,
    );
  });

  it('tells of a run that fails', onLinux, async (t) => {
    const folder = newFolder(t);
    const server = await startServe(['--max-connections', '60']);
    t.after(() => server.stop());
    const run = startConnrig(t, [
      ...['run', server.ready.urls.find((url) => url.startsWith('ws:'))!, '--pid', String(server.child.pid), ...HASTY],
      ...[
        '--levels',
        '20,40,200',
        '--rest',
        '1s',
        '--behaviour',
        'heartbeat:50ms',
        '--metrics',
        '127.0.0.1:0',
        '--out',
        folder,
      ],
    ]);
    const { pages, last } = await scrapeToTheEnd(run, await urlOf(run));
    assertFailed(await run.ended, 4, 'ETARGETFULL');
    const summary = await reportOn(t, folder);
    const of = (name: string, more = ''): number | undefined =>
      last[0].get(`connrig_${name}{protocol="ws",leg="ws"${more}}`);
    assert.ok(summary.legs[0]!.outcomes.rejected > 50);
    for (const outcome of OUTCOMES) {
      assert.equal(
        of('connection_outcomes_total', `,outcome="${outcome}"`),
        summary.legs[0]!.outcomes[outcome],
        outcome,
      );
    }
    assert.equal(of('connection_attempts_total'), summary.legs[0]!.attempts);
    assert.ok(of('heartbeats_sent_total')! > 20);
    assert.equal(last[0].get('connrig_run_status{status="failed"}'), 1);
    assert.equal(of('level_connections'), 40);
    const shown = pages.find((page) => page.get('connrig_connections_open{protocol="ws",leg="ws"}') === 40);
    assert.equal(shown?.get('connrig_target_processes'), 1);
    assert.ok((shown?.get('connrig_target_open_fds') ?? 0) > 40);
  });

  it(
    'stays for who knows the token, asks and takes the answer, whoever asked and left; it is nowhere in the record',
    TIMEOUT,
    async (t) => {
      const server = await startEcho('tcp');
      t.after(() => server.close());
      const folder = newFolder(t);
      const run = startConnrig(
        t,
        ['run', server.url, ...ONE_LEVEL, '--metrics', '0.0.0.0:0', '--linger', '60s', '--out', folder],
        { env: { CONNRIG_ADMIN_TOKEN: 'a-secret-token' } },
      );
      const url = await urlOf(run);
      assert.equal((await fetch(url)).status, 401);
      const headers = { Authorization: 'Bearer a-secret-token' };
      assert.equal((await fetch(url, { headers })).status, 200);
      assert.equal((await fetch(url.replace('/metrics', '/healthz'), { headers })).status, 200);
      await eventually(() => /^metrics stay/m.test(run.stderr()), 'that it stays', 60_000);
      for (let i = 0; i < 4; i++) {
        const impatient = connect(Number(new URL(url).port), '127.0.0.1');
        await once(impatient, 'connect');
        impatient.end(`GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${headers.Authorization}\r\n\r\n`);
        await once(impatient.resume(), 'close');
      }
      for (let i = 0; i < 2; i++)
        assert.match(await (await fetch(url, { headers })).text(), /^connrig_run_status\{status="measured"\} 1$/m);
      assertWentThrough(await run.ended);
      assert.doesNotMatch(recordOf(folder), /a-secret-token/);
    },
  );

  it('stays no longer than it is asked to', TIMEOUT, async (t) => {
    // Nobody listens there: a run that has failed stays as long as one that has passed.
    const small = ['run', 'tcp://127.0.0.1:1', '--metrics', '0'];
    const short = await connrig(t, [...small, '--linger', '100ms', '--out', newFolder(t)]);
    assertFailed(short, 4, 'EREFUSED');
    assert.match(short.stderr, /^metrics stay at http:\S+ until asked for twice, 100 ms at most; ctrl-c ends that$/m);
    const none = await connrig(t, [...small, '--linger', '0s', '--out', newFolder(t)]);
    assertFailed(none, 4, 'EREFUSED');
    assert.doesNotMatch(none.stderr, /metrics stay/);

    const long = startConnrig(t, [...small, '--linger', '1h', '--out', newFolder(t)]);
    await eventually(() => /^metrics stay/m.test(long.stderr()), 'that it stays', 60_000);
    long.child.kill('SIGTERM');
    assertFailed(await long.ended, 4, 'EREFUSED');
  });

  it('leaves at once when the run is interrupted', TIMEOUT, async (t) => {
    const server = await startEcho('tcp');
    t.after(() => server.close());
    const folder = newFolder(t);
    const run = startConnrig(t, [
      ...['run', server.url, '--connections', '500', '--rate', '10/s', '--metrics', '0', '--linger', '1h'],
      ...['--out', folder],
    ]);
    const url = await urlOf(run);
    await eventually(
      async () => (await scrape(url)).get('connrig_connections_open{protocol="tcp",leg="tcp"}')! > 5,
      'some connections',
    );
    run.child.kill('SIGINT');
    assertFailed(await run.ended, 130, 'EINTERRUPTED');
  });

  it('does not begin where it cannot listen, or would tell everybody', TIMEOUT, async (t) => {
    const taken = createServer().listen(0, '127.0.0.1');
    t.after(() => taken.close());
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    const folder = newFolder(t);
    const refused = async (code: 'ELISTEN' | 'EUSAGE', why: RegExp, ...args: string[]): Promise<void> =>
      assertFailed(await connrigHere(['run', '--out', folder, ...args]), 2, code, why);
    await refused('ELISTEN', /is taken/, '--metrics', String(port));
    await refused('EUSAGE', /--metrics 0\.0\.0\.0: .*give --admin-token/, '--metrics', '0.0.0.0:0');
    await refused('EUSAGE', /--metrics: a port is missing in "x"/, '--metrics', 'x');
    await refused('EUSAGE', /--linger: .*without --metrics/, '--linger', '5s');
    assert.equal(existsSync(folder), false);
  });
});

const recordOf = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
    .join('\n');

/** At each moment the parts sum to what the target's processes take, and what its end takes in the kernel. */
function assertLedgers(pages: readonly Samples[]): void {
  const withLedger = pages.filter((page) => page.has('connrig_target_ledger_bytes{component="tcpSock"}'));
  assert.ok(withLedger.length > 10);
  for (const page of withLedger) {
    const part = (component: string): number => page.get(`connrig_target_ledger_bytes{component="${component}"}`) ?? 0;
    const user = sum(USER_COMPONENTS.map(part));
    assert.equal(user, page.get('connrig_target_memory_bytes{component="anon"}'));
    const open = sum(
      ['tcp', 'ws'].map((protocol) => page.get(`connrig_connections_open{protocol="${protocol}",leg="${protocol}"}`)!),
    );
    // What sockets have buffered is known for the whole machine only.
    const kernel = sum(KERNEL_COMPONENTS.filter((one) => one !== 'socketBuffers').map(part));
    const target = sum(
      ['tcp', 'ws'].map(
        (protocol) => page.get(`connrig_connections_target{protocol="${protocol}",leg="${protocol}"}`)!,
      ),
    );
    // While connections come and go, some do between the reading and the page.
    if (open > 500 && open === target) assert.ok(kernel > 2000 * open && kernel < 9000 * open, `${kernel} for ${open}`);
  }
}

function assertAgrees(page: Samples, summary: Summary): void {
  for (const leg of summary.legs) {
    const of = (name: string, more = ''): number | undefined =>
      page.get(`connrig_${name}{protocol="${leg.protocol}",leg="${leg.protocol}"${more}}`);
    assert.deepEqual([of('connections_planned'), of('connection_attempts_total')], [leg.planned, leg.attempts]);
    for (const outcome of OUTCOMES) {
      assert.equal(of('connection_outcomes_total', `,outcome="${outcome}"`), leg.outcomes[outcome], outcome);
    }
    assert.deepEqual([of('connections_open'), of('memory_points_total')], [0, leg.levels.length]);
    const top = leg.levels.at(-1);
    assert.equal(of('level_connections'), top?.open);
    for (const part of ['total', 'user', 'kernel'] as const) {
      assert.equal(of('level_memory_bytes', `,part="${part}"`), top?.bytes[part] ?? undefined);
      const cost = leg.perConnection?.[part];
      const readBound = (name: string) => of('memory_per_connection_bytes', `,part="${part}",bound="${name}"`);
      assert.deepEqual(['estimate', 'low', 'high'].map(readBound), [cost?.bytes, cost?.low, cost?.high]);
    }
    assert.equal(of('open_duration_seconds_count'), leg.outcomes.open);
    const replies = ['in-time', 'late'].map((fate) => of('replies_total', `,fate="${fate}"`)!);
    assert.equal(of('round_trip_duration_seconds_count'), sum(replies));
    const sent = of('messages_sent_total')!;
    assert.ok(sent > 100 && sent === sum(replies) + of('replies_total', ',fate="lost"')!, `${sent}`);
    const [messages, payloadBytes] = [of('messages_received_total'), of('payload_received_bytes_total')];
    assert.deepEqual([messages ?? null, payloadBytes], [leg.received!.messages, leg.received!.payloadBytes]);
    assert.ok(Math.min(payloadBytes!, of('received_bytes_total')!, of('sent_bytes_total')!) >= 64 * sum(replies));
  }
  assert.equal(page.get('connrig_generator_saturated'), Number(summary.generator.saturated));
  assert.equal(page.get(`connrig_run_status{status="${summary.status}"}`), 1);
  const info = [...page.keys()].find((sample) => sample.startsWith('connrig_run_info{')) ?? '';
  assert.match(info, /\{run="\d{8}T\d{9}Z-scraped",target="builtin",engine="epoll",behaviour="echo"\}$/);
}
