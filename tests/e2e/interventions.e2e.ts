import { BANNERS } from './support/shop-page';
import { expect, test } from './support/test';

test('four product views, an add to cart and a cart over $100 show the three banners in order, once each', async ({
  shop,
}) => {
  await shop.open();

  await shop.viewProducts('kettle', 'globe', 'cactus', 'notebook');
  await expect(shop.banner(BANNERS.discount)).toBeVisible();
  await expect(shop.banners).toHaveCount(1);

  await shop.addToCart('notebook');
  await expect(shop.banner(BANNERS.cartAbandonment)).toBeVisible();
  await expect(shop.banners).toHaveCount(2);

  await shop.addToCart('globe');
  await expect(shop.banner(BANNERS.freeShipping)).toBeVisible();
  await expect(shop.banners).toHaveCount(3);

  await shop.addToCart('tent');
  await shop.viewProducts('kettle', 'kite');
  await shop.settle();
  expect(await shop.received()).toEqual(['discount', 'cart_abandonment', 'free_shipping', 'settled']);
  await expect(shop.banners).toHaveCount(3);
});

test('one product for more than $100 shows two banners at once', async ({ shop }) => {
  await shop.open();
  await shop.addToCart('tent');
  await expect(shop.banner(BANNERS.cartAbandonment)).toBeVisible();
  await expect(shop.banner(BANNERS.freeShipping)).toBeVisible();
});

test('three product views show no banner', async ({ shop }) => {
  await shop.open();
  await shop.viewProducts('kettle', 'globe', 'cactus');
  await shop.settle();
  expect(await shop.received()).toEqual(['settled']);
  await expect(shop.banners).toHaveCount(0);
});

test('a cart of exactly $100 does not ship free', async ({ shop }) => {
  await shop.open();
  // 72 + 28
  await shop.addToCart('skillet');
  await shop.addToCart('trowel');
  await shop.settle();
  expect(await shop.received()).toEqual(['cart_abandonment', 'settled']);
});

test('everything can be triggered again after user data is reset', async ({ shop }) => {
  await shop.open();
  await shop.addToCart('tent');
  await expect(shop.banner(BANNERS.freeShipping)).toBeVisible();
  const before = await shop.page.locator('#domain-userid').textContent();

  await shop.resetUserData();
  await expect(shop.page.locator('#domain-userid')).not.toHaveText(before ?? '');
  await expect(shop.cart).toContainText('Still empty');

  await shop.viewProducts('kettle', 'globe', 'cactus');
  await shop.addToCart('backpack');
  await shop.settle();
  const received = await shop.received();
  expect(received.slice(0, 2).sort()).toEqual(['cart_abandonment', 'free_shipping']);
  expect(received.slice(2)).toEqual(['discount', 'cart_abandonment', 'free_shipping', 'settled']);
});

test('a reload shows no banner a second time', async ({ shop }) => {
  await shop.open();
  await shop.viewProducts('kettle', 'globe', 'cactus', 'lantern');
  await expect(shop.banner(BANNERS.discount)).toBeVisible();

  await shop.page.reload();
  await shop.isConnected();
  await shop.settle();
  expect(await shop.received()).toEqual(['settled']);

  await shop.addToCart('notebook');
  await expect(shop.banner(BANNERS.cartAbandonment)).toBeVisible();
  await expect(shop.banners).toHaveCount(1);
});

test('a banner that comes while the details are open can be read and closed there', async ({ shop }) => {
  await shop.open();
  await shop.viewProducts('kettle', 'globe', 'cactus');
  await shop.openProduct('notebook');
  const banner = shop.banner(BANNERS.discount);
  await banner.getByRole('button', { name: 'Close' }).click();
  await expect(banner).toHaveCount(0);
  await expect(shop.productDialog).toBeVisible();
});

test.describe('on a phone', () => {
  test.use({ viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });

  test('the three banners come, and nothing that is needed lies below them', async ({ shop }) => {
    await shop.open();
    await shop.viewProducts('kettle', 'globe', 'cactus');
    await shop.addToCart('backpack');
    for (const text of Object.values(BANNERS)) await expect(shop.banner(text)).toBeInViewport({ ratio: 1 });

    await shop.addToCart('notebook');
    await shop.page.getByRole('link', { name: /^Cart 2/ }).tap();
    await shop.page.getByRole('button', { name: 'Checkout' }).tap();
    await expect(shop.page.getByRole('dialog', { name: 'Thank you!' })).toBeVisible();
  });
});
