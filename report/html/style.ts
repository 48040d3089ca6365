/** The style of all report pages. Colours are roles of charts/theme.ts, so that text and charts go together. */
export const PAGE_CSS = `* { box-sizing: border-box; }
html {
  font: 16px / 1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  color: var(--chart-text); background: var(--chart-surface);
}
body { margin: 0 auto; max-width: 84rem; padding: 1rem 1.25rem 3rem; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.25rem 0 0.75rem; padding-top: 0.5rem; border-top: 1px solid var(--chart-grid); }
h3 { font-size: 1rem; margin: 1.25rem 0 0.4rem; }
p, ul, ol, dl { margin: 0 0 0.75rem; }
ul, ol { padding-left: 1.3rem; }
p, li, dd { max-width: 52rem; overflow-wrap: anywhere; }
a { color: var(--chart-user); }
code, pre { font: 0.875em / 1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
code { overflow-wrap: anywhere; }
pre {
  margin: 0 0 0.75rem; padding: 0.6rem 0.8rem; overflow-x: auto; max-width: 52rem;
  background: var(--chart-phase); border: 1px solid var(--chart-grid); border-radius: 0.3rem;
}
small { font-size: 0.85em; }
#answer h2 { margin: 0.5rem 0; padding: 0; border: 0; }
header p, footer, figcaption, caption, .muted { color: var(--chart-muted); }
footer { margin-top: 2.5rem; padding-top: 0.75rem; border-top: 1px solid var(--chart-grid); font-size: 0.875rem; }
:focus-visible { outline: 2px solid var(--chart-user); outline-offset: 2px; }
.headlines { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 0.6rem; margin: 0 0 1rem; }
.headlines > div { border: 1px solid var(--chart-grid); border-radius: 0.4rem; padding: 0.4rem 0.8rem 0.5rem; }
.headlines dt { color: var(--chart-muted); font-size: 0.875rem; }
.headlines dd { margin: 0.25rem 0 0; max-width: none; line-height: 1.4; padding-left: 0.6rem; border-left: 4px solid var(--chart-good); }
.headlines strong { font-size: 1.25rem; line-height: 1.3; }
.headlines .leg { font-weight: 600; }
.headlines .detail, .headlines .state { font-size: 0.875rem; }
.headlines .detail { color: var(--chart-muted); }
.headlines .state { display: inline-block; padding: 0 0.4rem; border: 1px solid var(--chart-grid); border-radius: 0.7rem; }
/* Edges differ in kind as well: a page may be without colours. */
.headlines .noted { border-left: 4px dashed var(--chart-kernel); }
.headlines .not-known { border-left: 4px dotted var(--chart-axis); }
.headlines .inconclusive { border-left: 4px dashed var(--chart-kernel); }
.headlines .crossed { border-left: 6px double var(--chart-bad); }
.headlines .crossed .state { color: var(--chart-bad); font-weight: 600; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.3rem 1.5rem; list-style: none; padding: 0.6rem 0 0; border-top: 1px solid var(--chart-grid); }
nav a { display: inline-block; padding: 0.15rem 0; }
details { margin: 0 0 0.75rem; }
summary { cursor: pointer; font-size: 0.875rem; color: var(--chart-muted); max-width: 60rem; margin-bottom: 0.4rem; }
/* It is the summary's text. */
details caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.verdict { font-size: 1.05rem; line-height: 1.45; color: var(--chart-text); margin: 0.75rem 0; max-width: 60rem; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); gap: 0.4rem 2rem; }
.facts dt { color: var(--chart-muted); font-size: 0.875rem; }
.facts dd { margin: 0; }
.note { border-left: 4px solid var(--chart-axis); padding: 0.1rem 0 0.1rem 0.9rem; margin: 0 0 1rem; }
.note > :last-child { margin-bottom: 0; }
.note.bad { border-color: var(--chart-bad); }
.note.warning { border-color: var(--chart-kernel); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 34rem), 1fr)); gap: 0.5rem 2.5rem; }
figure { margin: 0 0 1rem; min-width: 0; }
figure h3 { margin-top: 0.5rem; }
figure svg { display: block; width: 100%; height: auto; max-width: 46rem; }
figure svg[viewBox^="0 0 1200 "] { max-width: none; }
/* Drawn for a telephone. */
figure .narrow { display: none; }
figcaption { font-size: 0.875rem; }
.scroll { overflow-x: auto; max-width: 100%; margin: 0 0 1.25rem; }
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
/* A table may be wider than the page, what it is about has to be seen without scrolling. */
caption { text-align: left; padding-bottom: 0.3rem; max-width: calc(100vw - 2.5rem); }
th, td { padding: 0.22rem 0.9rem 0.22rem 0; border-bottom: 1px solid var(--chart-grid); vertical-align: top; }
th { text-align: left; font-weight: normal; }
thead th { font-weight: 600; vertical-align: bottom; }
thead small { font-weight: normal; color: var(--chart-muted); }
th button { all: unset; cursor: pointer; font: inherit; }
th button:focus-visible { outline: 2px solid var(--chart-user); }
[aria-sort="ascending"] button::after { content: " \\2191"; }
[aria-sort="descending"] button::after { content: " \\2193"; }
.filters { display: flex; flex-wrap: wrap; gap: 0.5rem 1.25rem; align-items: baseline; }
.filters select { font: inherit; color: inherit; background: var(--chart-surface); border: 1px solid var(--chart-axis); border-radius: 0.25rem; max-width: 16rem; }
.in-1 { padding-left: 0.6rem; }
.in-2 { padding-left: 1.2rem; }
.tables { display: flex; flex-wrap: wrap; gap: 0 3rem; align-items: flex-start; }
.number { text-align: right; }
.words { text-align: left; }
/* What a program has said may have lines. */
td.words { white-space: pre-line; }
.text { overflow-wrap: anywhere; }
/* A number and its unit. */
td.number, tbody th.short, data { white-space: nowrap; }
/* Why there is no number. */
td.number:not(.short):not(:has(data)) { white-space: normal; }
@media screen {
  thead th { white-space: nowrap; }
  td.words { min-width: 4.5rem; }
  th.long, td.long:not(:has(data)) { min-width: 7rem; }
  tbody .text { min-width: 16rem; }
}
@media screen and (max-width: 36rem) {
  figure .wide { display: none; }
  figure .narrow { display: block; }
  .headlines { grid-template-columns: 1fr; gap: 0.4rem; }
  .headlines > div { padding: 0.3rem 0.6rem; }
  .stacked, .stacked tbody, .stacked tr { display: block; }
  .stacked thead { display: none; }
  .stacked caption { display: block; }
  .stacked tr { border-bottom: 1px solid var(--chart-grid); padding: 0.3rem 0; }
  .stacked th, .stacked td { display: block; border: 0; padding: 0.05rem 0; text-align: left; white-space: normal; }
  .stacked th { font-weight: 600; }
  .stacked td:not(:empty)::before { content: attr(data-head) " "; color: var(--chart-muted); }
}
@media print {
  @page { margin: 14mm; }
  html { font-size: 11.5px; }
  body { max-width: none; padding: 0; }
  h2, h3 { break-after: avoid; }
  th, td { padding-right: 0.7rem; }
  td.number:not(.short) { white-space: normal; }
  figure, .note, tr, ul, pre, .scroll, .facts div { break-inside: avoid; }
  thead { display: table-header-group; }
  .figures { display: block; }
  figure { display: grid; grid-template-columns: 120mm 1fr; gap: 0 6mm; margin-bottom: 5mm; }
  figure:has(svg[viewBox^="0 0 1200 "]) { display: block; }
  figure h3 { grid-column: 1 / -1; }
  figcaption { align-self: center; }
  .tables { gap: 0 2rem; }
  .scroll { overflow: visible; }
  pre { white-space: pre-wrap; overflow: visible; }
  a { color: inherit; text-decoration: none; }
  nav, .filters { display: none; }
  /* All columns of all runs, on a sheet. */
  [data-sortable] { font-size: 8.5px; }
  [data-sortable] th, [data-sortable] td { padding-right: 0.4rem; white-space: normal; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; }
}
`;
