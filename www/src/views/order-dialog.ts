import { find, wireCloseButtons } from '../dom';
import { formatPrice } from '../pricing';
import type { Order } from '../shop';

/** Makes a function that shows the dialog for an order. */
export function orderDialog(): (order: Order) => void {
  const dialog = find(HTMLDialogElement, '#order');
  wireCloseButtons(dialog);
  return ({ id, totals }) => {
    find(HTMLElement, '#order-id').textContent = id;
    find(HTMLElement, '#order-total').textContent = formatPrice(totals.total);
    dialog.showModal();
  };
}
