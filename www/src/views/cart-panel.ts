import { type Cart, type CartLine, countItems, subtotal } from '../cart';
import { clone, find } from '../dom';
import { describeVoucher, formatPrice } from '../pricing';
import type { Order, Shop } from '../shop';
import { fillTile } from './tile';

/** Shows the cart, beside the products or below them, and the button that jumps to it on small screens. */
export function showCart(shop: Shop, onOrder: (order: Order) => void): void {
  const panel = find(HTMLElement, '#cart');
  const list = find(HTMLElement, '#cart-lines');
  const lines = new Map<string, HTMLElement>();

  const refresh = (cart: Cart) => {
    const focusedLine = [...lines.values()].findIndex((line) => line.matches(':focus-within'));
    for (const [id, line] of lines) {
      if (cart.some(({ product }) => product.id === id)) continue;
      line.remove();
      lines.delete(id);
    }
    for (const entry of cart) {
      const line = lines.get(entry.product.id) ?? makeLine(entry, shop);
      lines.set(entry.product.id, line);
      if (!line.isConnected) list.append(line);
      find(HTMLElement, '.count', line).textContent = String(entry.quantity);
      find(HTMLElement, '.price', line).textContent = formatPrice(entry.product.price * entry.quantity);
      find(HTMLButtonElement, '.fewer', line).disabled = entry.quantity === 1;
    }
    // If the focused line was removed, or its button disabled, move the focus to a nearby element.
    if (focusedLine >= 0 && !list.contains(document.activeElement?.closest(':enabled') ?? null)) {
      const nearest = [...lines.values()].at(Math.min(focusedLine, lines.size - 1));
      (nearest ? find(HTMLElement, '.remove', nearest) : panel).focus();
    }
    find(HTMLElement, '#cart-empty').hidden = cart.length > 0;
    find(HTMLElement, '#cart-summary').hidden = cart.length === 0;
    showJump(cart);
    showTotals(shop);
  };

  shop.cart.observe(refresh);
  shop.voucher.observe(() => showTotals(shop));
  wireVoucherForm(shop);
  find(HTMLElement, '#checkout').addEventListener('click', () => onOrder(shop.checkOut()));
}

function showJump(cart: Cart): void {
  const count = countItems(cart);
  const badge = find(HTMLElement, '#cart-count');
  badge.hidden = count === 0;
  badge.textContent = String(count);
  find(HTMLElement, '#cart-worth').textContent =
    count === 0 ? '' : ` ${count === 1 ? 'item' : 'items'}, ${formatPrice(subtotal(cart))}`;
}

function makeLine({ product }: CartLine, shop: Shop): HTMLElement {
  const line = clone('cart-line-template');
  fillTile(line, product);
  const name = find(HTMLElement, '.line-name', line);
  name.textContent = product.name;
  name.id = `line-${product.id}`;
  for (const button of line.querySelectorAll('button')) button.setAttribute('aria-describedby', name.id);
  find(HTMLElement, '.fewer', line).addEventListener('click', () => shop.remove(product, 1));
  find(HTMLElement, '.more', line).addEventListener('click', () => shop.add(product));
  find(HTMLElement, '.remove', line).addEventListener('click', () => shop.remove(product));
  return line;
}

function showTotals(shop: Shop): void {
  const { discount, shipping, total, subtotal } = shop.totals;
  const rows: [string, string][] = [
    ['Goods', formatPrice(subtotal)],
    ...(discount > 0 ? [['Discount', `−${formatPrice(discount)}`] as [string, string]] : []),
    ['Shipping', shipping > 0 ? formatPrice(shipping) : 'free'],
    ['Total', formatPrice(total)],
  ];
  find(HTMLElement, '#cart-totals').replaceChildren(
    ...rows.flatMap(([term, value]) => [makeElement('dt', term), makeElement('dd', value)]),
  );
}

function wireVoucherForm(shop: Shop): void {
  const field = find(HTMLInputElement, '#voucher-code');
  const answer = find(HTMLElement, '#voucher-answer');
  find(HTMLFormElement, '#voucher-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const code = field.value.trim().toUpperCase();
    const says = describeVoucher(code);
    shop.voucher.set(says === undefined ? null : code);
    answer.textContent = says ?? (code ? `There is no voucher ${code}.` : '');
  });
  shop.voucher.observe((code) => {
    if (code !== null) return;
    answer.textContent = '';
    if (shop.cart.value.length === 0) field.value = '';
  });
}

function makeElement(tag: 'dt' | 'dd', text: string): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}
