/** What is wrong with a command line or a config file is said at once and all together, before anything starts. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { assertFailed, connrig, connrigHere, type Ended, newFolder, reportOn } from '../support/connrig.ts';

const TIMEOUT = { timeout: 180_000 };
/** Where the command itself is started, so that what holds in this process holds for what users start. */
const AS_COMMANDS = [0, 12, 17];

const WRONG: ReadonlyArray<{ args: readonly string[]; says: RegExp }> = [
  { args: ['run', '--connections', 'abc'], says: /--connections: "abc" is not a count such as 100k/ },
  { args: ['run', '--connections', '0'], says: /--connections: 0 is too small: at least 1/ },
  { args: ['run', '--connections', '-5'], says: /--connections: "-5" is not a count/ },
  { args: ['run', '--connections=-5'], says: /--connections: "-5" is not a count/ },
  { args: ['run', '--connections', '1.5'], says: /--connections: "1.5" is not a count/ },
  { args: ['run', '--conections', '--levels', '3'], says: /--conections is not an option/ },
  { args: ['run', '--connections'], says: /'--connections <count>' argument missing/ },
  {
    args: ['run', 'quic://127.0.0.1:443'],
    says: /"quic:\/\/127.0.0.1:443" is not a target URL: quic goes over UDP.*the scheme is one of tcp:\/\/, ws:\/\/, http:\/\//,
  },
  { args: ['run', '--levels', '3,2'], says: /--levels: 3,2 does not ascend/ },
  { args: ['run', '--source', 'here'], says: /--source: "here" is not an IP address/ },
  { args: ['run', '--pid', '1'], says: /--pid: .*URL/ },
  { args: ['run', '--config', '/nonexistent.yaml'], says: /the config file \/nonexistent.yaml can't be read: ENOENT/ },
  {
    args: ['run', '--connections', 'abc', '--rate', 'fast', '--nonsense'],
    says: /--nonsense is not an option; --connections: "abc" is not a count such as 100k; --rate: "fast" is not a rate/,
  },
  { args: ['serve', '--ws-port', 'x', '--nonsense'], says: /--nonsense is not an option; --ws-port: "x" is neither/ },
  { args: ['doctor', '--connections', 'abc'], says: /--connections: "abc" is not a count such as 100k/ },
  { args: ['doctor', '--connections', '0'], says: /--connections: 0 is too small: at least 1/ },
  { args: ['report'], says: /missing required argument 'folder'/ },
  { args: ['rnu'], says: /unknown command 'rnu'/ },
  { args: ['--nonsense'], says: /unknown option '--nonsense'/ },
];

describe('a wrong command line', () => {
  for (const [i, { args, says }] of WRONG.entries()) {
    it(`connrig ${args.join(' ')}`, TIMEOUT, async (t) => {
      const cwd = dirname(newFolder(t));
      const ended = AS_COMMANDS.includes(i) ? await connrig(t, args, { cwd }) : await hereIn(cwd, args);
      const code = args.includes('--config') ? 'ECONFIG' : 'EUSAGE';
      assertFailed(ended, 2, code, says);
      assert.equal(ended.stdout, '');
      assert.ok(!existsSync(join(cwd, 'runs')), 'no run folder for a run that never was');
    });
  }

  it('no command at all shows the help, and is no success', TIMEOUT, async (t) => {
    const ended = await connrig(t, []);
    assertFailed(ended, 2, 'EUSAGE', /^Usage: connrig/);
  });
});

/** In this process, as if started in that folder. */
async function hereIn(cwd: string, args: readonly string[]): Promise<Ended> {
  const before = process.cwd();
  process.chdir(cwd);
  try {
    return await connrigHere(args);
  } finally {
    process.chdir(before);
  }
}

describe('a wrong config file', () => {
  const FILES: ReadonlyArray<{ name: string; text: string; code: 'EUSAGE' | 'ECONFIG'; says: RegExp }> = [
    {
      name: 'two unknown keys, one wrong value',
      text: 'conections: 5\nrate: fast\nlevel: 2\n',
      code: 'EUSAGE',
      says: /"conections" is not a setting \(did you mean connections\?\); "level" is not a setting \(did you mean levels\?\); .*--rate: "fast" is not a rate/,
    },
    { name: 'no table', text: '- 1\n- 2\n', code: 'ECONFIG', says: /is not a table of settings/ },
    { name: 'no YAML', text: 'a: [1\nb: 2', code: 'ECONFIG', says: /can't be read: / },
    { name: 'a value that is no text', text: 'connections: { a: 1 }', code: 'EUSAGE', says: /--connections: / },
  ];
  for (const { name, text, code, says } of FILES) {
    it(name, TIMEOUT, async (t) => {
      const file = newFolder(t);
      writeFileSync(file, text);
      assertFailed(await connrigHere(['run', '--config', file]), 2, code, says);
    });
  }

  it('is told of together with the command line', TIMEOUT, async (t) => {
    const file = newFolder(t);
    writeFileSync(file, '{"conections": 5}');
    const ended = await connrigHere(['run', '--config', file, '--levels', 'x']);
    assertFailed(
      ended,
      2,
      'EUSAGE',
      /"conections" is not a setting \(did you mean connections\?\); --levels: "x" is neither/,
    );
  });
});

describe('a run folder that is none', () => {
  it('cannot be created below a file', TIMEOUT, async (t) => {
    const file = newFolder(t);
    writeFileSync(file, '');
    const ended = await connrigHere(['run', '--connections', '10', '--out', join(file, 'run')]);
    assertFailed(ended, 2, 'EOUT', /can't be written \(ENOTDIR\)/);
  });

  it('is a file', TIMEOUT, async (t) => {
    const file = newFolder(t);
    writeFileSync(file, '');
    assertFailed(await connrigHere(['run', '--connections', '10', '--out', file]), 2, 'EOUT', /can't be written/);
  });

  it('is not empty, and nothing in it is touched', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    mkdirSync(folder);
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    const ended = await connrigHere(['run', '--connections', '10', '--out', folder]);
    assertFailed(ended, 2, 'EOUT', /is not empty/);
    assert.ok(!existsSync(join(folder, 'run.json')));
  });

  it('has nothing to report on', TIMEOUT, async (t) => {
    assertFailed(await connrigHere(['report', newFolder(t)]), 2, 'ERUNFOLDER', /is not a run folder/);
  });
});

describe('a run that is refused before its first socket', () => {
  const URL = 'ws://127.0.0.1:1';
  it('for a process that is not there', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const ended = await connrigHere(['run', URL, '--pid', '4194305', '--connections', '10', '--out', folder]);
    assertFailed(ended, 2, 'EPID', /there is no process 4194305/);
    assert.equal((await reportOn(t, folder)).error?.code, 'EPID');
  });

  it('for a source address that is not ours', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const ended = await connrigHere(['run', URL, '--source', '192.0.2.1', '--connections', '10', '--out', folder]);
    assertFailed(ended, 2, 'EUSAGE', /192.0.2.1 is not an address of /);
    assert.equal((await reportOn(t, folder)).error?.code, 'EUSAGE');
  });

  it('for an address of our own server that is not ours', TIMEOUT, async (t) => {
    const folder = newFolder(t);
    const ended = await connrigHere(['run', '--listen', '192.0.2.1', '--connections', '10', '--out', folder]);
    assertFailed(ended, 2, 'EUSAGE', /--listen: 192\.0\.2\.1 is not an address of [\s\S]*ip -brief address/);
  });

  it('for many source addresses of which few are ours, and one of another family', TIMEOUT, async (t) => {
    const sources = '127.0.0.2-127.0.0.9,203.0.113.0/29,::1';
    const args = ['run', URL, '--source', sources, '--connections', '10', '--out', newFolder(t)];
    const ended = await connrigHere(args);
    assertFailed(ended, 2, 'EUSAGE', /203.0.113.1 is not an address of .*203.0.113.3 is not .*nor are 3 more of them/s);
    assert.match(ended.stderr, /127.0.0.1 can't be reached from ::1: one is IPv4, the other IPv6/);
  });
});
