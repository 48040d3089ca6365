/**
 * The colours of charts, in one place. A chart names a role; what it looks like is decided by a CSS custom property, so
 * that the same SVG is right in light and dark. A page that shows charts includes {@link themeCss}; an SVG that stands alone
 * falls back to the light colours.
 */
interface Shades {
  readonly light: string;
  readonly dark: string;
}

export const THEME = {
  /** Behind everything, and between things that touch. */
  surface: { light: '#ffffff', dark: '#15181d' },
  text: { light: '#1c2128', dark: '#e8ebef' },
  muted: { light: '#57606a', dark: '#a4adb8' },
  axis: { light: '#808a95', dark: '#77818d' },
  grid: { light: '#e4e7eb', dark: '#2b313a' },
  /** User and kernel together. */
  total: { light: '#1c2128', dark: '#e8ebef' },
  user: { light: '#0a5cbf', dark: '#6cb0f8' },
  kernel: { light: '#b04a04', dark: '#f0a25c' },
  forecast: { light: '#7a3fd0', dark: '#b99af5' },
  connections: { light: '#0b7a5c', dark: '#45c49c' },
  good: { light: '#18753c', dark: '#57c77f' },
  bad: { light: '#b3261e', dark: '#f58a80' },
  /** The interval of a prediction, and times in which a level was held. */
  band: { light: '#c3b3ec', dark: '#493a6e' },
  phase: { light: '#eef1f5', dark: '#20252d' },
  /** Parts of user space and of the kernel: each from dark to light, told apart by patterns as well. */
  user1: { light: '#0a4a99', dark: '#8cc3ff' },
  user2: { light: '#2f7fdc', dark: '#4f96e3' },
  user3: { light: '#4a90e2', dark: '#3573b8' },
  kernel1: { light: '#8a3a03', dark: '#ffc08a' },
  kernel2: { light: '#c2560c', dark: '#e8954a' },
  kernel3: { light: '#d1702a', dark: '#c27431' },
  kernel4: { light: '#a37b1f', dark: '#d9bb5a' },
  kernel5: { light: '#857a3a', dark: '#a89a52' },
  unexplained: { light: '#767f89', dark: '#8b95a1' },
} as const satisfies Record<string, Shades>;

export type Role = keyof typeof THEME;

/** What a chart gives as a colour. */
export const colour = (role: Role): string => `var(${propertyOf(role)}, ${THEME[role].light})`;

/** Custom properties for all roles: light, on paper too, and dark where the reader prefers that on a screen. */
export function themeCss(): string {
  const block = (shade: keyof Shades): string =>
    Object.entries(THEME)
      .map(([role, shades]) => `${propertyOf(role as Role)}: ${shades[shade]};`)
      .join(' ');
  return [
    `:root { color-scheme: light dark; ${block('light')} }`,
    `@media screen and (prefers-color-scheme: dark) { :root { ${block('dark')} } }`,
    '',
  ].join('\n');
}

const propertyOf = (role: Role): string => `--chart-${role}`;

/** Without quotes, which would end the attribute that it stands in. */
export const FONT = 'system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif';
