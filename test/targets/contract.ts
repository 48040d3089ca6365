/**
 * What every target that can be built here does. Its parts, one a language, are files of their own, so that they run side by side.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type SchemeName, toCarried } from '../../core/protocols/schemes.ts';
import { type BuiltTarget, buildTarget } from '../../lab/build.ts';
import { findTarget, type TargetSource, targetNames } from '../../lab/catalogue.ts';
import type { Manifest } from '../../lab/manifest.ts';
import { readSourceFiles } from '../../lab/sources.ts';
import { openToolchains } from '../../lab/toolchain.ts';
import { isCi } from '../support/needs.ts';
import {
  answers,
  answersPieces,
  bearsSlow,
  endsWhenTold,
  holdsMany,
  holdsSome,
  survivesHandshakes,
  survivesResets,
  takesProcessorTime,
  understandsUs,
} from './checks.ts';
import { type Server, startTarget } from './server.ts';

const TIMEOUT_MS = 300_000;
/** Readable at a glance: a server, without its manifest and lock files. */
const MOST_LINES = 80;
const CODE = /\.(go|js|py|java|c)$/;

/**
 * Threads that wait for the interpreter's lock wake every 5 ms to ask for it. When 10,000 are reset in one moment, it is a
 * minute until the last has had its turn to end.
 */
const RESETS_PER_SECOND: Readonly<Record<string, number>> = { 'python-threads-tcp': 1000 };

/**
 * Builds are kept by the hash of their sources and tools, apart from those of a person's runs. Building itself is tested in
 * `lab/build.test.ts`.
 */
const env = {
  GOCACHE: join(homedir(), '.cache', 'go-build'),
  PIP_CACHE_DIR: join(homedir(), '.cache', 'pip'),
  ...process.env,
  XDG_CACHE_HOME: join(homedir(), '.cache', 'connrig-tests'),
};

const find = openToolchains(env);
/**
 * @param language as manifests have it
 * @param missing what it needs and isn't here; false: nothing
 */
export async function contractOfAll(language: string, missing: string | false): Promise<void> {
  const onLinux = process.platform === 'linux' ? missing : 'needs /proc';
  const sources = targetNames()
    .map(sourceOf)
    .filter(({ manifest }) => manifest.language === language);
  assert.ok(sources.length > 0, `no target in ${language}`);
  for (const source of sources) {
    const answersOf = await Promise.all(source.manifest.toolchain.map(find));
    const lack = answersOf
      .flatMap((answer) => (answer.tool ? [] : [`${answer.lack}: ${answer.need.install}`]))
      .join('; ');
    // In CI it fails to be built.
    const skip = onLinux || (lack !== '' && !isCi(process.env['CI']) && lack);
    describe(source.manifest.name, { skip, timeout: TIMEOUT_MS }, () => contractOf(source));
  }
}

/** Every one of them is in some part. */
export const languages = (): string[] => [...new Set(targetNames().map((name) => sourceOf(name).manifest.language))];

function sourceOf(name: string): TargetSource {
  const source = findTarget(name);
  if (typeof source === 'string') throw new Error(source);
  return source;
}

function contractOf(source: TargetSource): void {
  let built: BuiltTarget;
  before(async () => {
    let output = '';
    const onOutput = (text: string): void => {
      output += text;
    };
    built = await buildTarget(source, { env, signal: AbortSignal.timeout(TIMEOUT_MS), onOutput }).catch((error) =>
      assert.fail(`${error.message}\n${output}`),
    );
  });

  it('is small', () => {
    const lines = readSourceFiles(source.folder)
      .filter(({ path }) => CODE.test(path))
      .map(({ path }) => readFileSync(join(source.folder, path), 'utf8').trimEnd().split('\n').length);
    assert.ok(lines.length > 0);
    assert.ok(lines.reduce((sum, one) => sum + one) <= MOST_LINES, lines.join(' + '));
  });
  for (const scheme of source.manifest.protocols) {
    describe(`over ${scheme}`, () => contractOver(scheme, source.manifest, () => built));
  }
}

/**
 * What it speaks is one of them at a time: each has a server of its own.
 *
 * Over https Node.js resets a connection whose requests come while answers wait to be read: findings/node-https-resets-pipelined.sh
 */
function contractOver(scheme: SchemeName, { name, language }: Manifest, built: () => BuiltTarget): void {
  const { protocol: spoken, transport } = toCarried(scheme);
  let server: Server;
  before(async () => {
    server = await startTarget(built(), transport);
  });
  after(() => server?.kill());

  it('answers', () => answers(server, spoken));
  it('answers what comes in pieces', () => answersPieces(server, spoken));
  if (spoken !== 'sse' && !(scheme === 'https' && language === 'Node.js')) {
    it("serves others while one doesn't read", () => bearsSlow(server, spoken));
  }
  it('lets go of what is reset', () => survivesResets(server, spoken));
  if (transport === 'tls') {
    it('holds some, and shows the certificate that it was given', () => holdsSome(server, spoken));
    it('and our client understand each other', () => understandsUs(server, spoken));
    it('lets go of what is reset amid its handshake, or never speaks TLS', () => survivesHandshakes(server, spoken));
  } else {
    it('holds thousands', () => holdsMany(server, spoken, RESETS_PER_SECOND[name]));
    if (spoken === 'http') it('takes the processor time it is asked for', () => takesProcessorTime(server));
  }
  it('ends when it is told to', () => endsWhenTold(server, spoken));
}
