import { CATEGORIES, type Category, PRODUCTS, type Product, searchProducts } from '../catalogue';
import { clone, find } from '../dom';
import { formatPrice } from '../pricing';
import { fillTile } from './tile';

/** How many pictures are loaded at once: those that are visible at first. */
const FIRST_SEEN = 6;

/** Shows the catalogue, narrowed by the search field and the category buttons. */
export function showShelf(onOpen: (product: Product) => void): void {
  const shelf = find(HTMLElement, '#shelf');
  const searchField = find(HTMLInputElement, '#search-text');
  const resultCount = find(HTMLElement, '#result-count');
  const noResults = find(HTMLElement, '#no-results');
  const cards = new Map(
    PRODUCTS.map((product, index) => [product, makeCard(product, index < FIRST_SEEN, onOpen)]),
  );
  let category: Category | null = null;

  const refresh = () => {
    const found = searchProducts(PRODUCTS, { text: searchField.value, category });
    shelf.replaceChildren(...found.map((product) => cards.get(product) as HTMLElement));
    resultCount.textContent = found.length === 1 ? '1 product' : `${found.length} products`;
    noResults.hidden = found.length > 0;
  };

  showCategories((chosen) => {
    category = chosen;
    refresh();
  });
  searchField.addEventListener('input', refresh);
  refresh();
}

function makeCard(product: Product, seenAtFirst: boolean, onOpen: (product: Product) => void): HTMLElement {
  const card = clone('card-template');
  card.dataset.productId = product.id;
  if (seenAtFirst) find(HTMLImageElement, 'img', card).loading = 'eager';
  fillTile(card, product);
  find(HTMLElement, '.card-name', card).textContent = product.name;
  find(HTMLElement, '.card-category', card).textContent = product.category;
  find(HTMLElement, '.price', card).textContent = formatPrice(product.price);
  card.addEventListener('click', () => onOpen(product));
  return card;
}

function showCategories(onChoose: (category: Category | null) => void): void {
  const group = find(HTMLElement, '#categories');
  const buttons = [null, ...CATEGORIES].map((category) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'category';
    button.textContent = category ?? 'Everything';
    button.setAttribute('aria-pressed', String(category === null));
    button.addEventListener('click', () => {
      for (const other of buttons) other.setAttribute('aria-pressed', String(other === button));
      onChoose(category);
    });
    return button;
  });
  group.append(...buttons);
}
