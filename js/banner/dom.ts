const SVG = 'http://www.w3.org/2000/svg';

/** An element that pages can style with `::part(name)`. */
export function makePart<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  name: string,
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.setAttribute('part', name);
  element.className = name;
  return element;
}

/** A 16 by 16 icon, drawn with strokes in the text's colour. */
export function makeIcon(strokes: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', strokes);
  svg.append(path);
  return svg;
}
