import { escapeText } from "../util/escape.ts";

/** Attributes of an element: `class`, `title`, `aria-…`; undefined leaves one out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Makes an element. Children that are text become text and nothing else: what a peer said is never read as HTML, and
 * what cannot be seen in it, or turns the direction of what follows, is spelled out.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.map((child) => typeof child === "string" ? escapeText(child) : child));
  return element;
}

/** The element of the page with this id. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no ${id}`);
  return element;
}

/** Sets a text, spelled as above, if it differs: a screen reader is not told of what stayed the same. */
export function setText(element: HTMLElement, text: string): void {
  const shown = escapeText(text);
  if (element.textContent !== shown) element.textContent = shown;
}

/** A colour, or whatever the style sheet says, of the present theme. */
export function themed(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
