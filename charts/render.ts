import type { Chart } from './chart.ts';
import { init } from './echarts.ts';
import { colour, themeCss } from './theme.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Draws a chart without a browser. The same option gives the same bytes; there is nothing in it that runs, and no style
 * that a strict Content-Security-Policy would refuse.
 *
 * @param id distinguishes patterns and clips from those of other SVGs on the same page; letters, digits and dashes
 */
export function renderSvg(shown: Chart, { width, height }: Size, id: string): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(shown.option(width));
    return named(tidied(chart.renderToSVGString({ useViewBox: true }), id), shown, id);
  } finally {
    // What isn't disposed of keeps a process alive.
    chart.dispose();
  }
}

/**
 * What {@link renderSvg} has drawn, as a file of its own: with its colours in light and dark, and on a ground on which they
 * can be seen.
 */
export function svgFile(svg: string, { width, height }: Size): string {
  const ground = `<rect width="${width}" height="${height}" fill="${colour('surface')}"/>`;
  const own = `</desc>\n<style>${themeCss()}</style>\n${ground}`;
  return `${svg.replace('</desc>', own)}\n`;
}

/** Out with what is for a pointer or for echarts itself, and with numbers that count all charts ever drawn. */
function tidied(svg: string, id: string): string {
  return svg
    .replace(UNFIT, '\ufffd')
    .replace(/<style ?>[\s\S]*?<\/style>\n?/g, '')
    .replace(/ (?:class="zr\d+-cls-\d+"|ecmeta_\w+="[^"]*"|pointer-events="\w+")/g, '')
    .replace(/ style="([^"]*)"/g, (_, style: string) => attributesOf(style))
    .replace(/\bzr\d+-(?=[a-z]+\d+["')])/g, `${id}-`);
}

/** The sentence for who can't see it, as part of the image. */
function named(svg: string, { title, description }: Chart, id: string): string {
  const texts = `<title id="${id}-title">${escaped(title)}</title><desc id="${id}-desc">${escaped(description)}</desc>`;
  return svg.replace(
    /<svg ([^>]*)>/,
    (_, attributes: string) =>
      `<svg role="img" aria-labelledby="${id}-title" aria-describedby="${id}-desc" ${attributes}>\n${texts}`,
  );
}

const escaped = (text: string): string =>
  text
    .replace(UNFIT, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');

/** What no XML may hold. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is these that are meant.
const UNFIT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

/** `font-size:12px;font-family:x;` → ` font-size="12px" font-family="x"`: these are attributes of SVG as well. */
function attributesOf(style: string): string {
  return style
    .split(';')
    .map((rule) => /^\s*([\w-]+)\s*:\s*(.+)$/.exec(rule))
    .map((match) => (match ? ` ${match[1]}="${match[2]!.trim()}"` : ''))
    .join('');
}
