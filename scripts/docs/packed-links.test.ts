import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** Links and pictures of Markdown, and those that are written in HTML. */
const LINKS = /\]\(([^)\s]+)\)|\b(?:src|srcset|href)="([^"\s]+)"/g;

let packed: ReadonlySet<string> = new Set();
before(() => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
  const args = ['pack', '--dry-run', '--ignore-scripts', '--json'];
  const said = execFileSync('npm', args, { cwd: ROOT, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const [{ files }] = JSON.parse(said) as [{ files: ReadonlyArray<{ path: string }> }];
  packed = new Set(files.map(({ path }) => path));
});

describe('the package', () => {
  it('has each file that a page of it leads to', () => {
    const pages = [...packed].filter((path) => /^(?:docs\/.*|[^/]+)\.md$/.test(path));
    assert.ok(pages.includes('README.md') && pages.includes('docs/options.md'));
    const lost = pages.flatMap((page) =>
      linksIn(page)
        .map((link) => ({ page, to: join(dirname(page), link) }))
        .filter(({ to }) => !packed.has(to)),
    );
    assert.deepEqual(lost, []);
  });
});

/** Those to files. What stands in code is no link. */
function linksIn(page: string): string[] {
  const text = readFileSync(join(ROOT, page), 'utf8').replace(/^ {4}.*$|`[^`\n]*`/gm, '');
  return [...text.matchAll(LINKS)]
    .map(([, markdown, html]) => (markdown ?? html)!.split('#')[0]!)
    .filter((link) => link !== '' && !/^[a-z]+:/i.test(link));
}
