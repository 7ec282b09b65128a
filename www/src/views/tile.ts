import { type Product, pictureOf } from '../catalogue';
import { find } from '../dom';

/** Shows `product`'s picture in the `.tile` of `root`, on the colour of its category. */
export function fillTile(root: ParentNode, product: Product): void {
  const tile = find(HTMLElement, '.tile', root);
  tile.dataset.category = product.category;
  find(HTMLImageElement, 'img', tile).src = pictureOf(product);
}
