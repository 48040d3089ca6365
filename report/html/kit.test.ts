import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryChart } from '../../charts/memory-chart.ts';
import { climb, runFile } from '../../test/support/synthetic-run.ts';
import { summarize } from '../fold/summarize.ts';
import { bytes, count, say } from '../words/phrase.ts';
import { figure } from './figure.ts';
import { html, trusted } from './markup.ts';
import { page, section } from './page.ts';
import { table } from './table.ts';

const EVIL = `"><img src=x onerror='alert(1)'>&amp;\u0000\u001b[31m`;

test('what stands in a template is escaped, in texts, in attributes, in lists and in phrases', () => {
  const made = html`<p title="${EVIL}">${EVIL}${[EVIL, say`${EVIL}${bytes(1)}`]}</p>`.toString();
  for (const bad of ['<img', "'alert", '\u0000', '\u001b']) assert.ok(!made.includes(bad), bad);
  assert.equal(made.match(/&#60;img/g)?.length, 4);
  assert.ok(made.includes('&#38;amp;'));
});

test('only markup is markup; nothing, null and undefined are nothing', () => {
  assert.equal(html`<b>${html`<i>${'a'}</i>`}${null}${undefined}${[]}</b>`.toString(), '<b><i>a</i></b>');
  assert.equal(html`${trusted('<br>')}`.toString(), '<br>');
  assert.equal(html`${{ value: 1, text: '<br>' }}`.toString(), '<data value="1">&#60;br&#62;</data>');
});

test('a value in a tag has to stand in quotes', () => {
  assert.throws(() => html`<p title=${'x'}></p>`, TypeError);
  assert.throws(() => html`<${'x'}></p>`, TypeError);
});

test('a phrase keeps its exact numbers', () => {
  const made = html`${say`one more costs ${bytes(9316.25)}, of ${say`${count(1200)} open`}`}`.toString();
  assert.equal(made, 'one more costs <data value="9316.25">9.1 KiB</data>, of <data value="1200">1,200</data> open');
});

test('a table heads its rows and columns, with units', () => {
  const made = table({
    caption: 'levels',
    columns: [{ title: 'open' }, { title: 'p99', unit: 'ms' }, { title: 'why', words: true }],
    rows: [{ head: count(1000), cells: ['–', '<b>'] }],
  }).toString();
  assert.ok(made.includes('<caption>levels</caption>'));
  assert.ok(made.includes('<th scope="col" class="number">p99 <small>(ms)</small></th>'));
  assert.ok(made.includes('<th scope="row" class="in-0 short"><data value="1000">1,000</data></th>'));
  assert.ok(made.includes('<td class="words short">&#60;b&#62;</td>'));
});

test('a page asks for nothing and runs nothing', () => {
  const leg = summarize({ run: runFile(), samples: climb(5000), events: [], problems: [] }).legs[0]!;
  const body = section('memory', 'Memory', figure(memoryChart(leg), 'chart-memory'));
  const made = page(EVIL, html`<h1>${EVIL}</h1>`, body, html`<p>made by hand</p>`);
  assert.match(made, /^<!doctype html>\n<html lang="en">/);
  assert.doesNotMatch(made, /<script|<img|url\((?!#chart-memory)|@import|(?:src|href)="(?!data:,")/);
  assert.ok(made.includes('default-src &#39;none&#39;'));
  assert.ok(made.includes('id="chart-memory-title"'));
});
