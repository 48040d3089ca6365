import assert from 'node:assert/strict';
import { test } from 'node:test';
import { colour, type Role, THEME, themeCss } from './theme.ts';

/** Contrast of two colours as WCAG 2 defines it, 1 to 21. */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5]
    .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

test('contrast is that of WCAG', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.ok(Math.abs(contrast('#767676', '#ffffff') - 4.54) < 0.01);
});

/** 4.5 for text, 3 for what has to be seen to understand a chart (WCAG 1.4.3, 1.4.11). */
const LEAST: Partial<Record<Role, number>> = { text: 4.5, muted: 4.5 };
const BACKGROUNDS: ReadonlySet<Role> = new Set(['surface', 'grid', 'band', 'phase']);

for (const shade of ['light', 'dark'] as const) {
  for (const role of Object.keys(THEME) as Role[]) {
    if (BACKGROUNDS.has(role)) continue;
    test(`${role} can be seen in ${shade}`, () => {
      const least = LEAST[role] ?? 3;
      const found = contrast(THEME[role][shade], THEME.surface[shade]);
      assert.ok(found >= least, `${found.toFixed(2)} < ${least}`);
    });
  }
  test(`text is read on a shaded phase in ${shade}`, () => {
    assert.ok(contrast(THEME.muted[shade], THEME.phase[shade]) >= 4.5);
  });
}

test('a role is a custom property with the light colour to fall back on', () => {
  assert.equal(colour('user'), 'var(--chart-user, #0a5cbf)');
  const css = themeCss();
  for (const [role, { light, dark }] of Object.entries(THEME)) {
    assert.equal(css.split(`--chart-${role}: ${light};`).length > 1, true, role);
    assert.ok(css.split('@media')[1]!.includes(`--chart-${role}: ${dark};`), role);
  }
});
