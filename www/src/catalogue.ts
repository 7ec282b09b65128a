/** The categories, in the order shown. */
export const CATEGORIES = ['Kitchen', 'Desk', 'Trail', 'Garden', 'Play'] as const;

export type Category = (typeof CATEGORIES)[number];

/** A product. */
export interface Product {
  /** Stable id. The picture is `pictures/{id}.svg`. */
  id: string;
  name: string;
  category: Category;
  /** US dollars. */
  price: number;
  description: string;
}

/** A search in the catalogue. */
export interface Search {
  /** Words that must all be in the name, category or description, in any letter case. Empty for all products. */
  text: string;
  /** `null` for all categories. */
  category: Category | null;
}

/** The products, in the order shown. */
export const PRODUCTS: readonly Product[] = [
  product(
    'kettle',
    'Whistling Kettle',
    'Kitchen',
    64,
    'Sings in D major when the water is ready, and holds enough for six honest cups.',
  ),
  product(
    'desk-lamp',
    'Jointed Desk Lamp',
    'Desk',
    89,
    'Bends where you need light and stays there. Warm at night, bright at noon.',
  ),
  product(
    'tent',
    'Two-person Tent',
    'Trail',
    219,
    'Four minutes from bag to bedroom. Keeps out the rain and lets in the stars.',
  ),
  product(
    'cactus',
    'Potted Cactus',
    'Garden',
    22,
    'Asks for one glass of water a month and flowers out of sheer good will.',
  ),
  product(
    'record-player',
    'Portable Record Player',
    'Play',
    149,
    'A suitcase that plays both sides, with a speaker for the kitchen and a handle for the park.',
  ),
  product(
    'enamel-mug',
    'Enamel Mug',
    'Kitchen',
    16,
    'Chips before it breaks, and looks better for it. Campfire and dishwasher safe.',
  ),
  product(
    'globe',
    'Tabletop Globe',
    'Desk',
    96,
    'Spins quietly on a brass arm. For settling arguments and starting journeys.',
  ),
  product(
    'backpack',
    'Canvas Backpack',
    'Trail',
    128,
    'Waxed canvas, two buckles, one secret pocket. Mended free of charge, for good.',
  ),
  product(
    'watering-can',
    'Watering Can',
    'Garden',
    39,
    'A long neck for the back row and a rose gentle enough for seedlings.',
  ),
  product(
    'ukulele',
    'Concert Ukulele',
    'Play',
    79,
    'Four strings, three chords, one summer. Comes with a song to begin with.',
  ),
  product(
    'moka-pot',
    'Moka Pot',
    'Kitchen',
    42,
    'Three small cups of strong opinion in five minutes, on any stove.',
  ),
  product(
    'alarm-clock',
    'Twin-bell Alarm Clock',
    'Desk',
    38,
    'Wakes the house, and the neighbours if you let it. Glows politely in the dark.',
  ),
  product(
    'compass',
    'Brass Compass',
    'Trail',
    32,
    'Knows where north is without a signal. Fits the smallest pocket you have.',
  ),
  product(
    'birdhouse',
    'Cedar Birdhouse',
    'Garden',
    34,
    'One room, south-facing, no agent’s fee. Blue tits move in by April.',
  ),
  product(
    'telescope',
    'Brass Telescope',
    'Play',
    189,
    'Shows the rings of Saturn from a balcony, and ships’ names from a hill.',
  ),
  product(
    'skillet',
    'Cast-iron Skillet',
    'Kitchen',
    72,
    'Heavy, black and nearly immortal. The first egg is a promise.',
  ),
  product(
    'fountain-pen',
    'Fountain Pen & Ink',
    'Desk',
    54,
    'A springy nib and a bottle of midnight blue. Makes even shopping lists look meant.',
  ),
  product(
    'lantern',
    'Storm Lantern',
    'Trail',
    45,
    'Burns through wind and drizzle for twelve hours on a single filling.',
  ),
  product(
    'trowel',
    'Trowel & Seedling',
    'Garden',
    28,
    'Forged steel, ash handle, and a small green reason to use them.',
  ),
  product(
    'film-camera',
    'Film Camera',
    'Play',
    165,
    'Thirty-six chances and no screen to look at. Serviced, and loaded with its first roll.',
  ),
  product(
    'pepper-mill',
    'Beech Pepper Mill',
    'Kitchen',
    34,
    'Turned from one piece of beech. Grinds from dust to gravel.',
  ),
  product(
    'notebook',
    'Dotted Notebook',
    'Desk',
    14,
    '160 pages that lie flat and forgive every pen. Ribbon included.',
  ),
  product(
    'binoculars',
    'Field Binoculars',
    'Trail',
    110,
    'Brings the far bank to the near one. Light enough to wear all day.',
  ),
  product(
    'kite',
    'Diamond Kite',
    'Play',
    26,
    'Wants two metres of string and a bit of wind, and you out of the house.',
  ),
];

function product(id: string, name: string, category: Category, price: number, description: string): Product {
  return { id, name, category, price, description };
}

/** The product with this id, if there is one. */
export function findProduct(id: string): Product | undefined {
  return PRODUCTS.find((candidate) => candidate.id === id);
}

/** Address of a product's picture, relative to the page. */
export function pictureOf({ id }: Product): string {
  return `pictures/${id}.svg`;
}

/** The products that match `search`, in the order of `products`. */
export function searchProducts(products: readonly Product[], { text, category }: Search): Product[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return products.filter((product) => {
    if (category && product.category !== category) return false;
    const haystack = `${product.name} ${product.category} ${product.description}`.toLowerCase();
    return words.every((word) => haystack.includes(word));
  });
}
