// Elements made from data. Texts only ever become text nodes or attribute values, never markup.

export type Child = Node | string | null | undefined;
export type Properties = Record<string, string | number | boolean>;

// Controls, directional overrides and invisible characters, which could hide or reorder what stands beside them.
const unsafeCharacters =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

export function visible(text: string): string {
  return text.replace(unsafeCharacters, "\ufffd");
}

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === false) continue;
    element.setAttribute(name, value === true ? "" : visible(String(value)));
  }
  append(element, children);
  return element;
}

export function append(parent: Element, children: Child[]): void {
  for (const child of children) {
    if (child === null || child === undefined || child === "") continue;
    parent.append(typeof child === "string" ? document.createTextNode(visible(child)) : child);
  }
}

/** A section of the page with its heading, labelled for screen readers. */
export function section(id: string, title: string, ...children: Child[]): HTMLElement {
  const heading = h("h2", { id: `${id}-title` }, title);
  return h("section", { id, "aria-labelledby": `${id}-title` }, heading, ...children);
}
