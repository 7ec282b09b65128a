/** The open modal dialog that the focus is in, or else the last in the document. */
export function topmostModal(): Element | undefined {
  return (
    document.activeElement?.closest('dialog:modal') ?? [...document.querySelectorAll('dialog:modal')].at(-1)
  );
}
