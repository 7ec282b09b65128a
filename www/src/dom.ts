/** The element that `selector` finds in `root`. Throws if the page has none of class `type`. */
export function find<T extends Element>(type: new () => T, selector: string, root: ParentNode = document): T {
  const element = root.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${type.name} ${selector}`);
  return element;
}

/** A new copy of the only element in the `<template>` with this id. */
export function clone(templateId: string): HTMLElement {
  const { content } = find(HTMLTemplateElement, `#${templateId}`);
  const element = content.firstElementChild?.cloneNode(true);
  if (!(element instanceof HTMLElement)) throw new Error(`the template ${templateId} is empty`);
  return element;
}

/** Lets the `data-close` buttons of `dialog` close it. */
export function wireCloseButtons(dialog: HTMLDialogElement): void {
  for (const button of dialog.querySelectorAll('[data-close]')) {
    button.addEventListener('click', () => dialog.close());
  }
}
