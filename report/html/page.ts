import { themeCss } from '../../charts/theme.ts';
import { type Child, html, type Markup, trusted } from './markup.ts';
import { cspHash } from './sorting.ts';
import { PAGE_CSS } from './style.ts';

/**
 * Nothing is fetched and nothing runs, whatever a page says, but for a script of ours that is in it to the letter. The icon is
 * empty, since browsers ask for one otherwise.
 */
const policyFor = (script: string): string =>
  `default-src 'none'; ${script === '' ? '' : `script-src ${cspHash(script)}; `}style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'`;

/**
 * A page in one file: it needs no network, all of it is there without scripts, is right in light and dark, and prints.
 *
 * @param header what stands above all sections, an h1 within it
 * @param script of ours alone, for what is no more than a convenience
 */
export const page = (title: string, header: Child, main: Child, footer: Child, script = ''): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policyFor(script)}">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>
${trusted(themeCss())}${trusted(PAGE_CSS)}</style>
</head>
<body>
<header>
${header}
</header>
<main>
${main}</main>
<footer>
${footer}
</footer>
${script !== '' && trusted(`<script>${script}</script>\n`)}</body>
</html>
`.toString();

/** @param id its own on the page; a link leads there */
export const section = (id: string, title: string, ...content: readonly Child[]): Markup =>
  html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${content}</section>
`;

/** Figures side by side where there is room. */
export const figures = (content: readonly Markup[]): Markup =>
  content.length === 0 ? html`` : html`<div class="figures">\n${content}</div>\n`;

/** Tables side by side where there is room. */
export const tables = (content: readonly Markup[]): Markup =>
  content.length === 0 ? html`` : html`<div class="tables">\n${content}</div>\n`;

/** @param kind `bad` for what went wrong, `warning` for what has to be known before the numbers are believed */
export const note = (kind: 'bad' | 'warning' | 'plain', ...content: readonly Child[]): Markup =>
  html`<div class="note ${kind}">${content}</div>\n`;

export const bulletList = (items: readonly Child[]): Markup =>
  html`<ul>\n${items.map((item) => html`<li>${item}</li>\n`)}</ul>\n`;

/** What is to be pasted as it is. */
export const paste = (text: string): Markup => html`<pre tabindex="0"><code>${text}</code></pre>\n`;
