/** The few ways in which this page makes elements. Texts are only ever set as text: nothing that comes in is HTML. */
type Child = Node | string;

/** An element with attributes and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Sets a text, unless it is that already: what doesn't change isn't read out again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no ${id}`);
  return element;
}

/** A section with a heading, and a place for what is in it. */
export function titledSection(title: string): { element: HTMLElement; body: HTMLElement } {
  const id = `h-${title.toLowerCase().replace(/\W+/g, '-')}`;
  const body = el('div');
  return { element: el('section', { 'aria-labelledby': id }, el('h2', { id }, title), body), body };
}
