import type { Page } from '@playwright/test';
import { BODY, offer, openBannerPage, show } from './support/banner-page';
import { expect, test } from './support/test';

const status = (page: Page) => page.getByRole('status');
const closeButton = (page: Page) => page.getByRole('button', { name: 'Close' });

test.describe('Escape', () => {
  const MENU = '<div id="menu" popover><button>Item</button></div><div id="hint" popover="manual">Hint</div>';
  const MODAL = '<div role="dialog" aria-modal="true" aria-label="Custom"><button>In custom</button></div>';

  test.beforeEach(async ({ page, server }) => {
    await openBannerPage(page, server, BODY + MENU + MODAL);
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
  });

  test('is left to the page where the page has used it', async ({ page }) => {
    await page.locator('#field').evaluate((field) => {
      field.addEventListener('keydown', (event) => event.preventDefault());
    });
    await page.locator('#field').press('Escape');
    await expect(status(page)).toContainText('SAVE10');
    await page.locator('#field').blur();
    await page.keyboard.press('Escape');
    await expect(status(page)).toHaveCount(0);
  });

  test('is left to text composition', async ({ page }) => {
    const press = (isComposing: boolean) =>
      page.locator('#field').evaluate((field, isComposing) => {
        field.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, isComposing }));
      }, isComposing);
    await press(true);
    await expect(status(page)).toContainText('SAVE10');
    await press(false);
    await expect(status(page)).toHaveCount(0);
  });

  test('closes an open menu of the page first, then the banner', async ({ page }) => {
    await page.locator('#menu').evaluate((menu: HTMLElement) => menu.showPopover());
    await page.keyboard.press('Escape');
    await expect(page.locator('#menu')).toBeHidden();
    await expect(status(page)).toContainText('SAVE10');
    await page.keyboard.press('Escape');
    await expect(status(page)).toHaveCount(0);
  });

  test('closes the banner beside what it does not close by itself', async ({ page }) => {
    await page.locator('#hint').evaluate((hint: HTMLElement) => hint.showPopover());
    await page.keyboard.press('Escape');
    await expect(status(page)).toHaveCount(0);
  });

  test('is left to a dialog that is made of other elements', async ({ page }) => {
    await page.getByRole('button', { name: 'In custom' }).press('Escape');
    await expect(status(page)).toContainText('SAVE10');
    await page.locator('#field').press('Escape');
    await expect(status(page)).toHaveCount(0);
  });

  test('closes a banner once: the next one keeps its turn', async ({ page }) => {
    await page.evaluate(() => {
      const handle = window.banners.bannerHandler({
        templates: ({ name }) => ({ message: name }),
        onDismiss: ({ name }, reason) => window.heard.push(`${name} ${reason}`),
      });
      handle({ intervention_id: 'a', name: 'newest', version: 1, attributes: {} });
    });
    await expect(status(page)).toHaveCount(2);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await expect(status(page)).toHaveCount(0);
    await page.locator('#field').press('Escape');
    expect(await page.evaluate(() => window.heard)).toEqual(['newest escape']);
  });
});

test.describe('the focus', () => {
  test.beforeEach(async ({ page, server }) => {
    await openBannerPage(page, server);
    await page.evaluate(() => {
      document.body.style.height = '3000px';
    });
    await page.locator('#field').focus();
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
  });

  test('goes back without moving the page away from what is read', async ({ page }) => {
    await closeButton(page).focus();
    await page.evaluate(() => scrollTo({ top: 1500, behavior: 'instant' }));
    await closeButton(page).press('Enter');
    await expect(page.locator('#field')).toBeFocused();
    expect(await page.evaluate(() => scrollY)).toBe(1500);
  });

  test('does not go back to where it was long ago', async ({ page }) => {
    await closeButton(page).focus();
    // Somebody clicks on the page, then comes back from there.
    await page.locator('#text').click();
    await expect(page.locator('body')).toBeFocused();
    await closeButton(page).click();
    await expect(status(page)).toHaveCount(0);
    await expect(page.locator('#field')).not.toBeFocused();
  });

  test('goes back also after a look at another window', async ({ page }) => {
    await closeButton(page).focus();
    // What the browser says then. It cannot be had by opening one: here, every page counts as in the foreground.
    await closeButton(page).evaluate((button) => {
      document.hasFocus = () => false;
      button.dispatchEvent(new FocusEvent('focusout', { bubbles: true, composed: true }));
      document.hasFocus = () => true;
      button.dispatchEvent(new FocusEvent('focusin', { bubbles: true, composed: true }));
    });
    await closeButton(page).press('Enter');
    await expect(page.locator('#field')).toBeFocused();
  });

  test('holds a banner in its place from one of its buttons to the next', async ({ page }) => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await show(page, { templates: { later: { message: 'later', code: 'LATER' } } }, 'later');
    const later = page.locator('.banner').filter({ hasText: 'later' });
    await expect(later).toBeVisible();
    const before = await later.boundingBox();
    await later.getByRole('button', { name: 'Copy code' }).focus();
    await page
      .locator('.banner')
      .filter({ hasText: 'Ten percent' })
      .locator('.close')
      .evaluate((button: HTMLElement) => button.click());
    await page.keyboard.press('Tab');
    await expect(later.getByRole('button', { name: 'Close' })).toBeFocused();
    expect(await later.boundingBox()).toEqual(before);
    await page.locator('#field').focus();
    await expect.poll(async () => (await later.boundingBox())?.y).toBeGreaterThan(before?.y ?? 0);
  });
});

test.describe('the end of a banner', () => {
  test.beforeEach(async ({ page, server }) => {
    await openBannerPage(page, server);
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    await page.evaluate(() => {
      const handle = window.banners.bannerHandler({
        templates: ({ name }) => ({ message: name, action: { label: 'Go', href: '#there' } }),
        onDismiss: (_, reason) => window.heard.push(reason),
      });
      handle({ intervention_id: 'a', name: 'offer', version: 1, attributes: {} });
    });
    await page.clock.runFor(100);
    await expect(status(page)).toContainText('offer');
  });
  const heard = (page: Page) => page.evaluate(() => window.heard);

  test('comes once, however often its button is pressed', async ({ page }) => {
    await closeButton(page).evaluate((button: HTMLElement) => {
      button.click();
      button.click();
    });
    expect(await heard(page)).toEqual(['close']);
  });

  test('comes once, whatever happens to the page after it', async ({ page }) => {
    await page.getByText('offer').hover();
    await closeButton(page).click();
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    await page.clock.runFor(120_000);
    expect(await heard(page)).toEqual(['close']);
  });

  test('stops its listening to the page', async ({ page, context }) => {
    const devtools = await context.newCDPSession(page);
    const listeners = async () => {
      const { result } = await devtools.send('Runtime.evaluate', { expression: 'document' });
      const { listeners } = await devtools.send('DOMDebugger.getEventListeners', {
        objectId: result.objectId ?? '',
      });
      return listeners
        .map(({ type }) => type)
        .filter((type) => !type.startsWith('__playwright'))
        .sort();
    };
    expect(await listeners()).toEqual([
      'focusin',
      'fullscreenchange',
      'keydown',
      'toggle',
      'visibilitychange',
      'webkitfullscreenchange',
      'webkitpresentationmodechanged',
    ]);
    await closeButton(page).click();
    expect(await listeners()).toEqual([]);
  });

  test('leaves no timer behind', async ({ page }) => {
    const left = await page.evaluate(() => {
      const running = new Set<number>();
      const { setTimeout, clearTimeout } = window;
      Object.assign(window, {
        setTimeout: (callback: () => void, ms: number) => {
          const timer = setTimeout(callback, ms);
          running.add(timer);
          return timer;
        },
        clearTimeout: (timer: number) => {
          running.delete(timer);
          clearTimeout(timer);
        },
      });
      const button = document
        .querySelector('signals-banners')
        ?.shadowRoot?.querySelector<HTMLElement>('.close');
      // In and out again: its time stands still, then goes on.
      button?.focus();
      button?.blur();
      const before = running.size;
      button?.click();
      return { before, after: running.size };
    });
    expect(left).toEqual({ before: 1, after: 0 });
  });

  test('comes by its link, which leads where it says', async ({ page }) => {
    await page.getByRole('link', { name: 'Go' }).click();
    await expect(page).toHaveURL(/#there$/);
    await expect(status(page)).toHaveCount(0);
    expect(await heard(page)).toEqual(['action']);
  });
});

test.describe('what is said', () => {
  test.beforeEach(async ({ page, context, server }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await openBannerPage(page, server);
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    await show(page, offer);
    await page.clock.runFor(100);
  });

  test('is only what is new: never the whole banner again', async ({ page }) => {
    await expect(status(page)).toHaveAttribute('aria-atomic', 'false');
  });

  test('is nothing when a banner moves into a dialog or out of it', async ({ page }) => {
    await expect(status(page)).not.toHaveAttribute('aria-live');
    for (const move of ['showModal', 'close'] as const) {
      await page.evaluate((move) => document.querySelector('dialog')?.[move](), move);
      await expect(status(page)).toHaveAttribute('aria-live', 'off');
      await page.clock.runFor(1_000);
      await expect(status(page)).not.toHaveAttribute('aria-live');
    }
  });

  test('is that the code was copied, not that two seconds are over', async ({ page }) => {
    const label = page.locator('.copy .label');
    const isSilent = () =>
      label.evaluate((label) => label.closest('[aria-live]')?.getAttribute('aria-live') === 'off');
    for (const _ of ['first time', 'second time']) {
      await page.getByRole('button', { name: 'Copy code' }).click();
      await expect(label).toHaveText('Copied');
      expect(await isSilent()).toBe(false);
      await page.clock.runFor(2_000);
      await expect(label).toHaveText('Copy code');
      expect(await isSilent()).toBe(true);
    }
  });

  test('stays for two seconds after the latest press', async ({ page }) => {
    const copied = page.getByRole('button', { name: 'Copied' });
    await page.getByRole('button', { name: 'Copy code' }).click();
    await expect(copied).toBeVisible();
    await page.clock.runFor(1_500);
    await page.evaluate(() => navigator.clipboard.writeText('other'));
    await copied.click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe('SAVE10');
    await page.clock.runFor(1_999);
    await expect(copied).toBeVisible();
    await page.clock.runFor(1);
    await expect(page.getByRole('button', { name: 'Copy code' })).toBeVisible();
  });
});

test.describe('a code', () => {
  const tell = (page: Page, code: string) =>
    page.evaluate((code) => {
      const handle = window.banners.bannerHandler({
        templates: { offer: { message: 'Take it', code } },
        tracker: ({ event }) => window.heard.push(String(event.data.outcome)),
      });
      handle({ intervention_id: 'a', name: 'offer', version: 1, attributes: {} });
    }, code);

  test('is not counted as copied where the clipboard refuses', async ({ page, server }) => {
    await openBannerPage(page, server);
    await page.evaluate(() => {
      navigator.clipboard.writeText = () => Promise.reject(new DOMException('refused', 'NotAllowedError'));
    });
    await tell(page, 'SAVE10');
    await page.getByRole('button', { name: 'Copy code' }).click();
    await expect.poll(() => page.evaluate(() => getSelection()?.toString())).toBe('SAVE10');
    expect(await page.evaluate(() => window.heard)).toEqual(['shown']);
  });

  test('is selected by a click, also where the page forbids to select', async ({ page, server }) => {
    await openBannerPage(page, server);
    await page.evaluate(() => {
      document.body.style.userSelect = 'none';
    });
    await tell(page, 'SAVE10-NOW');
    await page.locator('.code').click();
    expect(await page.evaluate(() => getSelection()?.toString())).toBe('SAVE10-NOW');
  });

  test('is not translated', async ({ page, server }) => {
    await openBannerPage(page, server);
    await tell(page, 'FREE');
    expect(await page.locator('.code').evaluate((code: HTMLElement) => code.translate)).toBe(false);
  });

  test('reads from left to right where people read from right to left', async ({ page, server }) => {
    await openBannerPage(page, server);
    await page.evaluate(() => {
      document.documentElement.dir = 'rtl';
    });
    await tell(page, '10-SAVE!');
    await expect(page.locator('.code')).toBeVisible();
    const places = await page.locator('.code').evaluate(({ firstChild }) => {
      const range = document.createRange();
      return [...'10-SAVE!'].map((_, i) => {
        range.setStart(firstChild as Text, i);
        range.setEnd(firstChild as Text, i + 1);
        return range.getBoundingClientRect().left;
      });
    });
    expect(places).toEqual([...places].sort((a, b) => a - b));
    const gap = await page.locator('.offer').evaluate((offer) => {
      const code = offer.querySelector('.code')?.getBoundingClientRect();
      return offer.getBoundingClientRect().right - Number(code?.right);
    });
    expect(gap).toBeGreaterThan(8);
  });
});

test('the label of an action reads in its own direction', async ({ page, server }) => {
  await openBannerPage(page, server);
  await show(page, { templates: { offer: { message: 'm', action: { label: 'عرض!', href: '/' } } } });
  await expect(page.locator('.action')).toHaveCSS('direction', 'rtl');
});

test.describe('the look', () => {
  test.beforeEach(async ({ page, server }) => {
    await openBannerPage(page, server);
  });

  test('is none of the text styles that a page or a dialog hands down', async ({ page }) => {
    await page.evaluate(() => {
      document.documentElement.style.colorScheme = 'dark';
      Object.assign(document.body.style, {
        whiteSpace: 'nowrap',
        textTransform: 'uppercase',
        textAlign: 'center',
        letterSpacing: '1em',
        visibility: 'hidden',
      });
    });
    await show(page, offer);
    const message = page.locator('.message');
    await expect(message).toHaveText('Ten percent off');
    await expect(message).toBeVisible();
    const styles = await message.evaluate((element) => {
      const { whiteSpace, textTransform, textAlign, letterSpacing, colorScheme } = getComputedStyle(element);
      return { whiteSpace, textTransform, textAlign, letterSpacing, colorScheme };
    });
    expect(styles).toEqual({
      whiteSpace: 'normal',
      textTransform: 'none',
      textAlign: 'start',
      letterSpacing: 'normal',
      colorScheme: 'dark',
    });
  });

  test('is nothing on paper, and the same as before afterwards', async ({ page }) => {
    // A banner that still moves in is elsewhere afterwards.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
    const before = await page.locator('.banner').boundingBox();
    await page.emulateMedia({ media: 'print' });
    await expect(page.locator('.banner')).toBeHidden();
    await page.emulateMedia({ media: 'screen' });
    await expect(page.locator('.banner')).toBeVisible();
    expect(await page.locator('.banner').boundingBox()).toEqual(before);
  });

  test('has edges of the colour of the text where people want more contrast', async ({ page }) => {
    await page.emulateMedia({ contrast: 'more' });
    await show(page, { templates: { offer: { message: 'm', code: 'C', tone: 'warning' } } });
    const color = await page.locator('.banner').evaluate((banner) => getComputedStyle(banner).color);
    for (const part of ['.banner', '.offer'])
      await expect(page.locator(part)).toHaveCSS('border-color', color);
    await page.emulateMedia({ contrast: 'no-preference' });
    await expect(page.locator('.offer')).not.toHaveCSS('border-color', color);
  });
});
