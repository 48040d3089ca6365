import type { Chart, Hover } from './chart.ts';
import { type EChart, init } from './echarts.ts';
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
    const svg = named(tidied(chart.renderToSVGString({ useViewBox: true }), id), shown, id);
    return svg.replace(/<\/svg>\s*$/, `${hoverPlaces(shown.hover, { width, height }, pixelsOn(chart))}</svg>`);
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

const pixelsOn =
  (chart: EChart) =>
  (along: 'x' | 'y', place: number): number =>
    chart.convertToPixel(along === 'x' ? { xAxisIndex: 0 } : { yAxisIndex: 0 }, place);

/**
 * Invisible stripes over the whole chart, each from half way to the place before to half way to the next. A pointer that
 * rests there is told the text by the browser itself.
 */
function hoverPlaces(
  { along = 'x', places, textAt }: Hover,
  { width, height }: Size,
  pixelOf: (along: 'x' | 'y', place: number) => number,
): string {
  const at = [...new Set(places)]
    .map((place) => ({ text: textAt(place), pixel: pixelOf(along, place) }))
    .filter(({ text, pixel }) => text !== '' && Number.isFinite(pixel))
    .sort((a, b) => a.pixel - b.pixel);
  const end = along === 'x' ? width : height;
  const stripes = at.map(({ text, pixel }, i) => {
    const [before, after] = [at[i - 1]?.pixel, at[i + 1]?.pixel];
    const from = Math.round(before === undefined ? 0 : (before + pixel) / 2);
    const to = Math.round(after === undefined ? end : (pixel + after) / 2);
    const place =
      along === 'x'
        ? `x="${from}" y="0" width="${to - from}" height="${height}"`
        : `x="0" y="${from}" width="${width}" height="${to - from}"`;
    return `<rect ${place} fill="transparent"><title>${escaped(text)}</title></rect>\n`;
  });
  return stripes.join('');
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
