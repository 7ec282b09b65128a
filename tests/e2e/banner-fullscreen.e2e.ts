import type { Page } from '@playwright/test';
import { offer, openBannerPage, show } from './support/banner-page';
import { expect, test } from './support/test';

const BODY = `
  <input id="field" aria-label="Field">
  <div id="stage"><p>The stage</p><button>On stage</button><video id="inner"></video></div>
  <video id="film"></video>
  <canvas id="game"></canvas>
  <iframe id="frame" title="Frame" allow="fullscreen" allowfullscreen></iframe>
  <dialog id="dialog" aria-label="Dialog"><button>Inside</button><div id="box">Box</div></dialog>
  <dialog id="other" aria-label="Other"><button>In the other</button></dialog>
  <div id="menu" popover="manual"><button>Item</button></div>
  <my-player id="player"><template shadowrootmode="open">
    <div id="screen">Screen</div><dialog id="hidden-dialog"><button>Deep inside</button></dialog>
  </template></my-player>
`;

test.beforeEach(async ({ page, server }) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await openBannerPage(page, server, BODY);
  await page.evaluate(() => {
    Object.assign((document.querySelector('#menu') as HTMLElement).style, { width: '100%', height: '100%' });
  });
});

const status = (page: Page) => page.getByRole('status');
const closeButton = (page: Page) => page.getByRole('button', { name: 'Close' });

/** Lets an element fill the screen. `#player #screen` is in the shadow tree of `#player`. */
const fill = (page: Page, selector: string) =>
  page.locator(selector).evaluate(async (element) => {
    // The promise may settle before the page hears of the change.
    const changed = new Promise((resolve) =>
      document.addEventListener('fullscreenchange', resolve, { once: true }),
    );
    await element.requestFullscreen();
    await changed;
  });
const leave = (page: Page) =>
  page.evaluate(async () => {
    const changed = new Promise((resolve) =>
      document.addEventListener('fullscreenchange', resolve, { once: true }),
    );
    await document.exitFullscreen();
    await changed;
  });
const isFull = (page: Page) => page.evaluate(() => document.fullscreenElement !== null);

/** Whether a click in the middle of the banner would hit it. */
const isOnTop = (page: Page) =>
  page.evaluate(() => {
    const host =
      document.querySelector('signals-banners') ??
      document.querySelector('my-player')?.shadowRoot?.querySelector('signals-banners');
    const card = host?.shadowRoot?.querySelector('.banner');
    if (!host || !card) return false;
    const { left, top, width, height } = card.getBoundingClientRect();
    const hit = (host.getRootNode() as Document).elementFromPoint(left + width / 2, top + height / 2);
    return hit === host;
  });

/** Hands an instance to a handler that tells what it does. */
const tell = (
  page: Page,
  options: { frequency?: 'once'; position?: 'top' | 'bottom' } = {},
  name = 'offer',
) =>
  page.evaluate(
    ([options, name]) => {
      const handle = window.banners.bannerHandler({
        templates: ({ name }) => ({ message: `The ${name}` }),
        onShow: ({ name }) => window.heard.push(`${name} shown`),
        onDismiss: ({ name }, reason) => window.heard.push(`${name} ${reason}`),
        ...options,
      });
      handle({ intervention_id: name, name, version: 1, attributes: {} });
    },
    [options, name] as const,
  );
const heard = (page: Page) => page.evaluate(() => window.heard);

/** From now on, only the test moves the clock. */
async function stopClock(page: Page) {
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1000);
}

test.describe('an element that fills the screen', () => {
  test('has the banner that is there already, in front, usable', async ({ page }, info) => {
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
    await fill(page, '#stage');
    await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
    await page.screenshot({ path: info.outputPath('fullscreen.png') });
    await closeButton(page).click();
    await expect(status(page)).toHaveCount(0);
    await expect(page.locator('signals-banners')).toHaveCount(0);
  });

  test('has the banner that comes later, and gives it back to the page', async ({ page }) => {
    await fill(page, '#stage');
    await show(page, offer);
    await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
    await leave(page);
    await expect(page.locator('body > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
  });

  test('gives the banner back to the page when the page removes it', async ({ page }) => {
    await fill(page, '#stage');
    await show(page, offer);
    await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
    await page.locator('#stage').evaluate((stage) => stage.remove());
    await expect.poll(() => isFull(page)).toBe(false);
    await expect(page.locator('body > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
  });

  test('leaves the banner where it is if it is around the container', async ({ page }) => {
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
    await fill(page, 'html');
    await expect(page.locator('body > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
  });

  test('has the banner also in a shadow tree', async ({ page }) => {
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
    await fill(page, '#player #screen');
    await expect(page.locator('#screen > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
    await closeButton(page).click();
    await expect(status(page)).toHaveCount(0);
  });

  test('has the piles of all handlers', async ({ page }) => {
    await tell(page, { position: 'top' }, 'above');
    await tell(page, { position: 'bottom' }, 'below');
    await expect(status(page)).toHaveCount(2);
    await fill(page, '#stage');
    await expect(page.locator('#stage > signals-banners')).toHaveCount(2);
    for (const name of ['above', 'below']) {
      await page.locator('.banner').filter({ hasText: name }).getByRole('button', { name: 'Close' }).click();
    }
    expect(await heard(page)).toEqual(['above shown', 'below shown', 'above close', 'below close']);
  });

  test('is left by Escape, and no banner goes with it', async ({ page }) => {
    await show(page, offer);
    await fill(page, '#stage');
    await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
    await expect(status(page)).toContainText('SAVE10');
    await page.getByRole('button', { name: 'On stage' }).press('Escape');
    await expect(status(page)).toContainText('SAVE10');
    await closeButton(page).press('Escape');
    await expect(status(page)).toHaveCount(0);
  });

  test('takes no focus from a banner', async ({ page }) => {
    await page.locator('#field').focus();
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
    await page.getByRole('button', { name: 'Copy code' }).focus();
    await fill(page, '#stage');
    await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
    await expect(page.getByRole('button', { name: 'Copy code' })).toBeFocused();
    await leave(page);
    await expect(page.locator('body > signals-banners')).toHaveCount(1);
    await expect(page.getByRole('button', { name: 'Copy code' })).toBeFocused();
    await closeButton(page).press('Enter');
    await expect(page.locator('#field')).toBeFocused();
  });

  test('lets no screen reader read the banner again', async ({ page }) => {
    await stopClock(page);
    await show(page, offer);
    await page.clock.runFor(100);
    await expect(status(page)).not.toHaveAttribute('aria-live');
    await fill(page, '#stage');
    await expect(status(page)).toHaveAttribute('aria-live', 'off');
    await page.clock.runFor(1_000);
    await expect(status(page)).not.toHaveAttribute('aria-live');
  });

  test('has the banner in browsers that call it by names of their own', async ({ page }) => {
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
    const full = (selector: string | null) =>
      page.evaluate((selector) => {
        Object.defineProperty(document, 'fullscreenElement', { configurable: true, value: undefined });
        const value = selector && document.querySelector(selector);
        Object.defineProperty(document, 'webkitFullscreenElement', { configurable: true, value });
        document.dispatchEvent(new Event('webkitfullscreenchange', { bubbles: true }));
      }, selector);
    await full('#stage');
    await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
    await full(null);
    await expect(page.locator('body > signals-banners')).toHaveCount(1);
  });
});

for (const selector of ['#film', '#game', '#frame', '#player']) {
  test(`a banner waits for its time while ${selector} fills the screen, which can hold none`, async ({
    page,
  }) => {
    await stopClock(page);
    await tell(page);
    await page.clock.runFor(100);
    await page.clock.runFor(50_000);
    await fill(page, selector);
    await expect.poll(() => isFull(page)).toBe(true);
    await page.clock.runFor(120_000);
    expect(await heard(page)).toEqual(['offer shown']);
    // Elements that cannot contain a banner get none.
    if (selector !== '#player') await expect(page.locator('body > signals-banners')).toHaveCount(1);
    await leave(page);
    await expect.poll(() => isFull(page)).toBe(false);
    await expect.poll(() => isOnTop(page)).toBe(true);
    await page.clock.runFor(9_900);
    expect(await heard(page)).toEqual(['offer shown']);
    await page.clock.runFor(100);
    expect(await heard(page)).toEqual(['offer shown', 'offer timeout']);
  });

  test(`a banner that comes while ${selector} fills the screen is shown and counted after it`, async ({
    page,
  }) => {
    await stopClock(page);
    await fill(page, selector);
    await expect.poll(() => isFull(page)).toBe(true);
    await tell(page, { frequency: 'once' });
    await page.clock.runFor(120_000);
    expect(await heard(page)).toEqual([]);
    const stored = () => page.evaluate(() => localStorage.getItem('signals-banners.appeared'));
    expect(await stored()).toBeNull();
    await leave(page);
    await expect.poll(() => isFull(page)).toBe(false);
    await expect(status(page)).toHaveCount(1);
    await page.clock.runFor(100);
    expect(await heard(page)).toEqual(['offer shown']);
    expect(await stored()).toContain('offer');
    expect(await isOnTop(page)).toBe(true);
    await closeButton(page).click();
    await expect(page.locator('signals-banners')).toHaveCount(0);
  });
}

test('a banner that is about to come when a film fills the screen comes after it', async ({ page }) => {
  await stopClock(page);
  await tell(page, { frequency: 'once' });
  await page.clock.runFor(99);
  await fill(page, '#film');
  await expect(status(page)).toHaveCount(0);
  await page.clock.runFor(60_000);
  expect(await heard(page)).toEqual([]);
  await leave(page);
  await expect(status(page)).toHaveCount(1);
  await page.clock.runFor(100);
  expect(await heard(page)).toEqual(['offer shown']);
});

test('a banner that waits for a film to end comes on the next page, if that comes first', async ({
  page,
}) => {
  await fill(page, '#film');
  await tell(page);
  await expect
    .poll(() => page.evaluate(() => sessionStorage.getItem('signals-banners.pending')))
    .toContain('offer');
  await page.reload();
  await tell(page, {}, 'another');
  await expect(status(page)).toHaveText(['The offer', 'The another']);
});

test('a film inside an element that fills the screen takes the banner out of sight, then gives it back', async ({
  page,
}) => {
  await fill(page, '#stage');
  await show(page, offer);
  await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
  await fill(page, '#inner');
  await expect.poll(() => isOnTop(page)).toBe(false);
  await leave(page);
  await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
  await expect.poll(() => isOnTop(page)).toBe(true);
});

test('a film that fills the screen of a phone of Apple holds up the banner', async ({ page }) => {
  await stopClock(page);
  await tell(page);
  await page.clock.runFor(100);
  const play = (isFull: boolean) =>
    page.evaluate((isFull) => {
      Object.defineProperty(document, 'fullscreenElement', { configurable: true, value: undefined });
      const film = document.querySelector('#film') as HTMLElement;
      const value = isFull ? 'fullscreen' : 'inline';
      Object.defineProperty(film, 'webkitPresentationMode', { configurable: true, value });
      film.dispatchEvent(new Event('webkitpresentationmodechanged'));
    }, isFull);
  await play(true);
  await page.clock.runFor(120_000);
  expect(await heard(page)).toEqual(['offer shown']);
  await play(false);
  await page.clock.runFor(60_000);
  expect(await heard(page)).toEqual(['offer shown', 'offer timeout']);
});

test.describe('a tab in the background', () => {
  const turn = (page: Page, hidden: boolean) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);

  test('shows and counts a banner when somebody comes to it', async ({ page }) => {
    await stopClock(page);
    await turn(page, true);
    await tell(page, { frequency: 'once' });
    await page.clock.runFor(60_000);
    expect(await heard(page)).toEqual([]);
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await turn(page, false);
    await page.clock.runFor(100);
    expect(await heard(page)).toEqual(['offer shown']);
  });

  test('does not use up what may come once: the tab in front shows it', async ({ page, context, server }) => {
    await turn(page, true);
    await tell(page, { frequency: 'once' });
    const front = await context.newPage();
    await openBannerPage(front, server, BODY);
    await tell(front, { frequency: 'once' });
    await expect(status(front)).toContainText('The offer');
    await turn(page, false);
    await expect
      .poll(() => page.evaluate(() => sessionStorage.getItem('signals-banners.pending')))
      .toBeNull();
    await expect(status(page)).toHaveCount(0);
    await expect(page.locator('signals-banners')).toHaveCount(0);
  });
});

test('a banner in a container that the page hides waits until it is shown', async ({ page }) => {
  await stopClock(page);
  await page.evaluate(() => {
    const container = document.querySelector('#stage') as HTMLElement;
    container.hidden = true;
    const handle = window.banners.bannerHandler({
      templates: { offer: { message: 'The offer' } },
      container,
      onShow: () => window.heard.push('shown'),
    });
    handle({ intervention_id: 'a', name: 'offer', version: 1, attributes: {} });
  });
  await page.clock.runFor(1_000);
  expect(await heard(page)).toEqual([]);
  await page.locator('#stage').evaluate((stage) => {
    (stage as HTMLElement).hidden = false;
  });
  await expect(status(page)).toHaveCount(1);
  await page.clock.runFor(100);
  expect(await heard(page)).toEqual(['shown']);
});

test('Escape closes no banner that nobody can see', async ({ page }) => {
  await page.evaluate(() => {
    const container = document.querySelector('#stage') ?? document.body;
    const handle = window.banners.bannerHandler({ templates: ({ name }) => ({ message: name }), container });
    handle({ intervention_id: 'a', name: 'older', version: 1, attributes: {} });
  });
  await expect(status(page)).toHaveText('older');
  const display = (value: string) =>
    page.locator('#stage').evaluate((stage, value) => {
      (stage as HTMLElement).style.display = value;
    }, value);
  await display('none');
  await expect(status(page)).toHaveCount(0);
  await page.keyboard.press('Escape');
  await display('block');
  await expect(status(page)).toHaveText('older');
  await page.keyboard.press('Escape');
  await expect(page.locator('signals-banners')).toHaveCount(0);
});

test.describe('a modal dialog', () => {
  const open = (page: Page, selector: string) =>
    page.locator(selector).evaluate((dialog) => (dialog as HTMLDialogElement).showModal());
  const shut = (page: Page, selector: string) =>
    page.locator(selector).evaluate((dialog) => (dialog as HTMLDialogElement).close());

  test.beforeEach(async ({ page }) => {
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
  });

  test('has the banner also where no event tells that it opened', async ({ page }) => {
    // Some browsers have none for dialogs, and a window in the background has none for the focus.
    await page.evaluate(() => {
      for (const type of ['toggle', 'focusin']) {
        addEventListener(type, (event) => event.stopImmediatePropagation(), true);
      }
    });
    await open(page, '#dialog');
    await expect(page.locator('#dialog > signals-banners')).toHaveCount(1);
    await shut(page, '#dialog');
    await expect(page.locator('body > signals-banners')).toHaveCount(1);
  });

  test('does not cover a banner whose container is in it', async ({ page }) => {
    await page.evaluate(() => {
      const dialog = document.querySelector('#dialog') as HTMLElement;
      Object.assign(dialog.style, { minWidth: '100%', minHeight: '100%' });
      const container = document.querySelector('#box') ?? dialog;
      const handle = window.banners.bannerHandler({
        templates: ({ name }) => ({ message: name }),
        container,
      });
      handle({ intervention_id: 'a', name: 'Inside', version: 1, attributes: {} });
    });
    await open(page, '#dialog');
    const inside = page.locator('#box > signals-banners');
    await expect(inside.getByRole('status')).toHaveText('Inside');
    await inside.getByRole('button', { name: 'Close' }).click();
    await expect(inside).toHaveCount(0);
  });

  test('above an element that fills the screen has the banner, then gives it back to that', async ({
    page,
  }) => {
    await fill(page, '#stage');
    await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
    await open(page, '#dialog');
    await expect(page.locator('#dialog > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
    await shut(page, '#dialog');
    await expect(page.locator('#stage > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
  });

  test('lends the banner to what fills the screen inside it', async ({ page }) => {
    await open(page, '#dialog');
    await fill(page, '#box');
    await expect(page.locator('#box > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
    await leave(page);
    await expect(page.locator('#dialog > signals-banners')).toHaveCount(1);
  });

  test('keeps the banner in front, usable, when something outside of it fills the screen', async ({
    page,
  }) => {
    await open(page, '#dialog');
    await expect(page.locator('#dialog > signals-banners')).toHaveCount(1);
    await fill(page, '#stage');
    const raised = () =>
      page.locator('signals-banners').evaluate((host) => host.matches('#dialog > :popover-open'));
    await expect.poll(raised).toBe(true);
    const before = await page.screenshot();
    await closeButton(page).click();
    await expect(status(page)).toHaveCount(0);
    expect((await page.screenshot()).equals(before), 'the banner was in sight').toBe(false);
  });

  test('inside a dialog has the banner, and gives it back to the outer one', async ({ page }) => {
    await open(page, '#other');
    await open(page, '#dialog');
    await expect(page.locator('#dialog > signals-banners')).toHaveCount(1);
    await shut(page, '#dialog');
    await expect(page.locator('#other > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
    await page.locator('#other').evaluate((dialog) => dialog.remove());
    await expect(page.locator('body > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
  });

  test('in a shadow tree has the banner', async ({ page }) => {
    await open(page, '#player #hidden-dialog');
    await expect(page.locator('#hidden-dialog > signals-banners')).toHaveCount(1);
    await expect.poll(() => isOnTop(page)).toBe(true);
    // The focus goes, and the dialog stays.
    await page.getByRole('button', { name: 'Deep inside' }).blur();
    await show(page, { ...offer, storageKey: 'another' });
    await expect(status(page)).toHaveCount(2);
    await expect(page.locator('#hidden-dialog > signals-banners')).toHaveCount(1);
    await closeButton(page).first().click();
    await shut(page, '#player #hidden-dialog');
    await expect(page.locator('body > signals-banners')).toHaveCount(1);
    await closeButton(page).click();
    await expect(status(page)).toHaveCount(0);
  });
});

test('a popover that opens later does not cover a banner, nor take its focus or let it be read again', async ({
  page,
}) => {
  await show(page, offer);
  await expect(status(page)).toContainText('SAVE10');
  await closeButton(page).focus();
  await page.locator('#menu').evaluate((menu: HTMLElement) => menu.showPopover());
  await expect.poll(() => isOnTop(page)).toBe(true);
  await expect(status(page)).toHaveAttribute('aria-live', 'off');
  await expect(closeButton(page)).toBeFocused();
  await closeButton(page).click();
  await expect(status(page)).toHaveCount(0);
});
