import { readFileSync } from 'node:fs';
import type { Page } from '@playwright/test';
import { inProject } from '../../scripts/support/project.mjs';
import { BODY, offer, openBannerPage, type PlainOptions, POLICY, show } from './support/banner-page';
import { openBarePage } from './support/bare-page';
import { expect, test } from './support/test';

test.beforeEach(async ({ page, server }) => {
  await openBannerPage(page, server);
});

test('the live region is there, empty, before its text', async ({ page }) => {
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1000);
  await show(page, offer);
  await expect(page.getByRole('status')).toHaveCount(1);
  await page.clock.runFor(99);
  await expect(page.getByRole('status')).toBeEmpty();
  await page.clock.runFor(1);
  await expect(page.getByRole('status')).toHaveText(/Ten percent off\s*SAVE10/);
});

test('a banner takes neither the focus nor any room', async ({ page }) => {
  await page.locator('#field').focus();
  const before = await page.locator('#text').boundingBox();
  await show(page, offer);
  await expect(page.getByRole('status')).toContainText('SAVE10');
  await expect(page.locator('#field')).toBeFocused();
  expect(await page.locator('#text').boundingBox()).toEqual(before);
});

test.describe('time', () => {
  test.beforeEach(async ({ page }) => {
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 1000);
    await show(page, offer);
    await page.clock.runFor(100);
    await expect(page.getByRole('status')).toContainText('Ten percent off');
  });

  test('a banner goes after 60 seconds', async ({ page }) => {
    await page.clock.runFor(59_900);
    await expect(page.getByRole('status')).toHaveCount(1);
    await page.clock.runFor(100);
    await expect(page.getByRole('status')).toHaveCount(0);
  });

  test('a banner that is hovered stays, and has its remaining time afterwards', async ({ page }) => {
    await page.clock.runFor(50_000);
    await page.getByText('Ten percent off').hover();
    await page.clock.runFor(120_000);
    await expect(page.getByRole('status')).toHaveCount(1);
    await page.mouse.move(1, 1);
    await page.clock.runFor(9_900);
    await expect(page.getByRole('status')).toHaveCount(1);
    await page.clock.runFor(100);
    await expect(page.getByRole('status')).toHaveCount(0);
  });

  test('a banner does not grow old in a tab in the background', async ({ page }) => {
    const turn = (hidden: boolean) =>
      page.evaluate((hidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, value: hidden });
        document.dispatchEvent(new Event('visibilitychange'));
      }, hidden);
    await page.clock.runFor(50_000);
    await turn(true);
    await page.clock.runFor(120_000);
    await expect(page.getByRole('status')).toHaveCount(1);
    await turn(false);
    await page.clock.runFor(9_900);
    await expect(page.getByRole('status')).toHaveCount(1);
    await page.clock.runFor(100);
    await expect(page.getByRole('status')).toHaveCount(0);
  });

  test('a banner that has the focus stays', async ({ page }) => {
    await page.getByRole('button', { name: 'Close' }).focus();
    await page.clock.runFor(120_000);
    await expect(page.getByRole('status')).toHaveCount(1);
    await page.locator('#field').focus();
    await page.clock.runFor(60_000);
    await expect(page.getByRole('status')).toHaveCount(0);
  });
});

test('autoCloseMs: Infinity leaves the banner until it is closed', async ({ page }) => {
  await page.clock.install();
  await page.evaluate(() =>
    window.banners.show({
      templates: { offer: { message: 'Here to stay' } },
      autoCloseMs: Number.POSITIVE_INFINITY,
    }),
  );
  await page.clock.runFor('24:00:00');
  await expect(page.getByRole('status')).toContainText('Here to stay');
});

test('the keyboard closes a banner, and the focus goes back to where it was', async ({ page }) => {
  await page.locator('#field').focus();
  await show(page, offer);
  await expect(page.getByRole('status')).toContainText('SAVE10');
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Copy code' })).toBeFocused();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Close' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('status')).toHaveCount(0);
  await expect(page.locator('#field')).toBeFocused();
});

test('Escape closes the newest banner, one at a time', async ({ page }) => {
  await page.evaluate(() => {
    const handle = window.banners.bannerHandler({ templates: ({ name }) => ({ message: name }) });
    for (const name of ['older', 'newer'])
      handle({ intervention_id: name, name, version: 1, attributes: {} });
  });
  await expect(page.getByRole('status')).toHaveText(['newer', 'older']);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('status')).toHaveText(['older']);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('status')).toHaveCount(0);
});

test('Escape in a dialog closes the dialog; in a banner, the banner', async ({ page }) => {
  const dialog = page.getByRole('dialog');
  await page.evaluate(() => document.querySelector('dialog')?.showModal());
  await show(page, offer);
  await expect(page.getByRole('status')).toContainText('SAVE10');

  await page.getByRole('button', { name: 'Close' }).focus();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('status')).toHaveCount(0);
  await expect(dialog).toBeVisible();

  await show(page, offer);
  await expect(page.getByRole('status')).toContainText('SAVE10');
  await page.getByRole('button', { name: 'Inside' }).focus();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  await expect(page.getByText('Ten percent off')).toBeVisible();
});

test('a banner that goes before it was seen was never shown', async ({ page }) => {
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1000);
  await page.evaluate(() => {
    const handle = window.banners.bannerHandler({
      templates: ({ name }) => ({ message: name }),
      onShow: () => window.heard.push('shown'),
      onDismiss: (_, reason) => window.heard.push(reason),
    });
    handle({ intervention_id: 'a', name: 'a', version: 1, attributes: {} });
  });
  await page.clock.runFor(99);
  await page.keyboard.press('Escape');
  await page.clock.runFor(1000);
  expect(await page.evaluate(() => window.heard)).toEqual(['escape']);
});

test('an interval longer than browsers can wait is waited for in pieces', async ({ page }) => {
  await page.evaluate(() => {
    const { setTimeout } = window;
    const spy = (callback: () => void, delay = 0) => {
      window.heard.push(String(delay));
      return setTimeout(callback, delay);
    };
    window.setTimeout = spy as typeof setTimeout;
    const minIntervalMs = 60 * 24 * 3600 * 1000;
    const handle = window.banners.bannerHandler({
      templates: ({ name }) => ({ message: name }),
      minIntervalMs,
    });
    for (const name of ['one', 'two']) handle({ intervention_id: name, name, version: 1, attributes: {} });
  });
  await expect(page.getByRole('status')).toHaveText(['one']);
  const delays = await page.evaluate(() => window.heard.map(Number));
  // Browsers take longer ones for none, and would ask again and again.
  expect(Math.max(...delays)).toBe(2 ** 31 - 1);
});

test('a banner lies above whatever the page puts on top', async ({ page }) => {
  await show(page, offer);
  await expect(page.getByRole('status')).toContainText('SAVE10');
  await page.evaluate(() => {
    const cover = document.createElement('div');
    cover.id = 'cover';
    Object.assign(cover.style, { position: 'fixed', inset: '0', zIndex: '2147483647' });
    document.body.append(cover);
  });
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('status')).toHaveCount(0);
});

test('a banner stays within reach when a dialog opens above it', async ({ page }) => {
  await show(page, offer);
  await expect(page.getByRole('status')).toContainText('SAVE10');
  await page.evaluate(() => document.querySelector('dialog')?.showModal());
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('status')).toHaveCount(0);
  await expect(page.getByRole('dialog')).toBeVisible();
});

test('unless the page says otherwise, three are shown and the fourth waits', async ({ page }) => {
  await page.evaluate(() => {
    const handle = window.banners.bannerHandler({ templates: ({ name }) => ({ message: name }) });
    for (const name of ['one', 'two', 'three', 'four'])
      handle({ intervention_id: name, name, version: 1, attributes: {} });
  });
  await expect(page.getByRole('status')).toHaveText(['three', 'two', 'one']);
});

test('at most maxVisible banners are shown; the next one follows when one goes', async ({ page }) => {
  await page.evaluate(() => {
    const handle = window.banners.bannerHandler({
      templates: ({ name }) => ({ message: name }),
      maxVisible: 2,
    });
    for (const name of ['one', 'two', 'three'])
      handle({ intervention_id: name, name, version: 1, attributes: {} });
  });
  await expect(page.getByRole('status')).toHaveText(['two', 'one']);
  await page.getByRole('status').filter({ hasText: 'one' }).getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('status')).toHaveText(['three', 'two']);
});

test('placeholders are filled from attributes, and markup in them stays text', async ({ page }) => {
  const templates = { offer: { message: '{views} views, {{really}}, {name}', code: 'VIP{views}' } };
  await show(page, { templates }, 'offer', { views: 4, name: '<img src=x onerror=alert(1)>' });
  await expect(page.getByRole('status')).toContainText('4 views, {really}, <img src=x onerror=alert(1)>');
  await expect(page.getByRole('status')).toContainText('VIP4');
  await expect(page.getByRole('status').locator('img')).toHaveCount(0);
});

test('a template that cannot be filled is an error that names the field, and shows nothing', async ({
  page,
}) => {
  const shown = (options: PlainOptions) => show(page, options);
  await expect(shown({ templates: { offer: { message: 'Hello {name}' } } })).rejects.toThrow(
    'templates.offer.message contains {name}, but the intervention has no such attribute',
  );
  await expect(shown({ templates: { offer: { message: '' } } })).rejects.toThrow('templates.offer.message');
  await expect(
    shown({ templates: { offer: { message: 'Go', action: { label: 'Go', href: 'javascript:alert(1)' } } } }),
  ).rejects.toThrow('templates.offer.action.href must not be a javascript: link');
  await expect(page.getByRole('status')).toHaveCount(0);
});

test('an option that cannot be is an error that names it', async ({ page }) => {
  const templates = {};
  await expect(show(page, { templates, maxVisible: 0 })).rejects.toThrow('maxVisible');
  await expect(show(page, { templates, autoCloseMs: -1 })).rejects.toThrow('autoCloseMs');
  await expect(show(page, { templates, position: 'middle' as 'top' })).rejects.toThrow('position');
  await expect(show(page, {} as PlainOptions)).rejects.toThrow('templates');
  await expect(show(page, { templates, container: 'main' } as PlainOptions)).rejects.toThrow('container');
});

test('interventions without a template show nothing, whatever their name', async ({ page }) => {
  await show(page, offer, 'constructor');
  await show(page, offer, '__proto__');
  await page.evaluate(() => window.banners.show({ templates: () => null }));
  await show(page, offer);
  await expect(page.getByRole('status')).toHaveCount(1);
});

test('the copy button puts the code into the clipboard and says so for two seconds', async ({
  page,
  context,
}) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 1000);
  await show(page, offer);
  await page.clock.runFor(100);
  await page.getByRole('button', { name: 'Copy code' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('SAVE10');
  await page.clock.runFor(1_999);
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  await page.clock.runFor(1);
  await expect(page.getByRole('button', { name: 'Copy code' })).toBeVisible();
});

test.describe('caps, turns and outcomes', () => {
  /** Makes a handler and hands it an instance of each name in turn, all in one task. */
  const offerAll = (page: Page, options: PlainOptions, ...names: string[]) =>
    page.evaluate(
      ([options, names]) => {
        const handle = window.banners.bannerHandler({
          ...options,
          onSkip: ({ name }, reason) => window.heard.push(`skipped ${name} ${reason}`),
        });
        for (const name of names)
          handle({ intervention_id: `id of ${name}`, name, version: 1, attributes: { total: 1234.5 } });
      },
      [options, names] as const,
    );
  const heard = (page: Page) => page.evaluate(() => window.heard);
  const status = (page: Page) => page.getByRole('status');
  const close = (page: Page) => page.getByRole('button', { name: 'Close' }).first().click();
  const messages = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, { message: `about ${name}` }]));

  test('of those that come together, the highest priority goes first', async ({ page }) => {
    const templates = messages('low', 'high');
    await offerAll(
      page,
      { templates: { ...templates, high: { message: 'about high', priority: 1 } }, maxVisible: 1 },
      'low',
      'high',
    );
    await expect(status(page)).toHaveText(['about high']);
    await close(page);
    await expect(status(page)).toHaveText(['about low']);
  });

  test('a banner that may appear once does not come back after a reload', async ({ page }) => {
    const options = { templates: messages('offer', 'other'), frequency: 'once' } as const;
    await offerAll(page, options, 'offer');
    await expect(status(page)).toHaveText(['about offer']);
    await page.reload();
    await offerAll(page, options, 'offer', 'other');
    await expect(status(page)).toHaveText(['about other']);
    expect(await heard(page)).toEqual(['skipped offer frequency']);
  });

  test('a banner per session comes back in another tab, not in this one', async ({
    page,
    context,
    server,
  }) => {
    const options = { templates: messages('offer'), frequency: 'session' } as const;
    await offerAll(page, options, 'offer');
    await expect(status(page)).toHaveText(['about offer']);
    await page.reload();
    await offerAll(page, options, 'offer');
    await expect.poll(() => heard(page)).toEqual(['skipped offer frequency']);

    const other = await context.newPage();
    await openBannerPage(other, server);
    await offerAll(other, options, 'offer');
    await expect(status(other)).toHaveText(['about offer']);
  });

  test('minIntervalMs holds across pages, and what waits then is not lost', async ({ page }) => {
    await page.clock.install();
    const options = { templates: messages('one', 'two'), minIntervalMs: 60_000 };
    await offerAll(page, options, 'one', 'two');
    await page.clock.runFor(1000);
    await expect(status(page)).toHaveText(['about one']);

    await page.reload();
    await offerAll(page, options);
    await page.clock.runFor(30_000);
    await expect(status(page)).toHaveCount(0);
    await page.clock.runFor(31_000);
    await expect(status(page)).toHaveText(['about two']);

    await page.reload();
    await offerAll(page, options);
    await page.clock.runFor(120_000);
    await expect(status(page)).toHaveCount(0);
  });

  test('a deferred instance is offered again on the next page, once', async ({ page }) => {
    const handle = (quiet: boolean) =>
      page.evaluate((quiet) => {
        const handle = window.banners.bannerHandler({
          templates: ({ attributes }) => (quiet ? 'defer' : { message: `four is ${attributes.count}` }),
        });
        if (quiet) handle({ intervention_id: 'a', name: 'offer', version: 1, attributes: { count: 4 } });
      }, quiet);
    await handle(true);
    await expect(status(page)).toHaveCount(0);
    await page.reload();
    await handle(false);
    await expect(status(page)).toHaveText(['four is 4']);
    await page.reload();
    await handle(false);
    await show(page, { templates: messages('last') }, 'last');
    await expect(status(page)).toHaveText(['about last']);
  });

  test('what waits is bounded: of 30 that come together, 10 are skipped', async ({ page }) => {
    const names = Array.from({ length: 30 }, (_, i) => `n${i}`);
    await offerAll(page, { templates: messages(...names), maxVisible: 1 }, ...names);
    await expect(status(page)).toHaveText(['about n0']);
    // All 30 come before the first is seen.
    expect(await heard(page)).toEqual(names.slice(20).map((name) => `skipped ${name} crowded_out`));
  });

  test('nothing is stored about visitors unless a cap or an interval needs it', async ({ page }) => {
    await show(page, offer);
    await expect(status(page)).toContainText('SAVE10');
    expect(await page.evaluate(() => [localStorage.length, sessionStorage.length])).toEqual([0, 0]);
  });

  test('numbers are written as the language of the page has it', async ({ page }) => {
    const formats = { total: { style: 'currency', currency: 'EUR' } } as const;
    const options = { templates: { offer: { message: 'Now {total}', formats } } };
    await offerAll(page, options, 'offer');
    await expect(status(page)).toHaveText(['Now €1,234.50']);
    await close(page);
    await page.evaluate(() => document.documentElement.setAttribute('lang', 'de'));
    await offerAll(page, options, 'offer');
    await expect(status(page)).toHaveText(['Now 1.234,50\u00a0€']);
  });

  test('outcomes are tracked in order, each once', async ({ page, context }) => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.clock.install();
    await page.evaluate(() => {
      const handle = window.banners.bannerHandler({
        templates: ({ name }) => ({
          message: name,
          code: 'SAVE10',
          action: { label: 'Go', onClick: () => {} },
        }),
        maxVisible: 1,
        tracker: ({ event, context: [instance] }) =>
          window.heard.push(`${event.data.outcome} ${instance?.data.name}`),
      });
      for (const name of ['a', 'b', 'c', 'd'])
        handle({ intervention_id: name, name, version: 1, attributes: {} });
    });
    const appears = async (name: string) => {
      await page.clock.runFor(100);
      await expect(status(page).getByText(name, { exact: true })).toBeVisible();
    };
    await appears('a');
    await page.getByRole('button', { name: 'Copy code' }).click();
    await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
    await page.getByRole('button', { name: 'Go' }).click();
    await appears('b');
    await page.keyboard.press('Escape');
    await appears('c');
    await close(page);
    await appears('d');
    await page.mouse.move(1, 1);
    await page.clock.runFor(60_000);
    await expect(status(page)).toHaveCount(0);
    expect(await heard(page)).toEqual([
      'shown a',
      'code_copied a',
      'clicked a',
      'shown b',
      'dismissed b',
      'shown c',
      'dismissed c',
      'shown d',
      'expired d',
    ]);
  });
});

test('the sample in the guide works', async ({ page, server }) => {
  const [, sample = ''] =
    /```ts\n(.*?)```/s.exec(readFileSync(inProject('docs', 'banners.md'), 'utf8')) ?? [];
  // Without the plugin and the tracker, because this is about banners.
  const script = sample
    .replace(
      /^import .* from "signals-interventions";$/m,
      'const addInterventionHandlers = Object.assign.bind(0, window);',
    )
    .replace(
      /^import .* from "@snowplow.*$/m,
      'const trackSelfDescribingEvent = ({ event }) => heard.push(event.data.outcome);',
    )
    .replace('"signals-interventions/banner"', '"./js/banner/index"');
  await openBarePage(page, server, { body: BODY, script: `window.heard = []; ${script}`, policy: POLICY });
  await page.evaluate(() => {
    const { banner } = window as unknown as { banner: (intervention: object) => void };
    for (const name of ['discount', 'free_shipping'])
      banner({ intervention_id: name, name, version: 1, attributes: { total_cart_value: 120 } });
  });
  await expect(page.getByRole('status')).toContainText('$120.00 in your cart');
  expect(await page.evaluate(() => window.heard)).toEqual(['shown']);
});

test('callbacks hear of showing, acting and going, each once', async ({ page }) => {
  await page.evaluate(() => {
    const handle = window.banners.bannerHandler({
      templates: ({ name }) => ({
        message: name,
        action: { label: 'Go', onClick: ({ name }) => window.heard.push(`clicked ${name}`) },
      }),
      onShow: ({ name }) => window.heard.push(`shown ${name}`),
      onAction: ({ name }) => window.heard.push(`acted ${name}`),
      onDismiss: ({ name }, reason) => window.heard.push(`gone ${name} ${reason}`),
    });
    for (const name of ['a', 'b']) handle({ intervention_id: name, name, version: 1, attributes: {} });
  });
  const banner = (text: string) => page.getByRole('status').filter({ hasText: text });
  await banner('a').getByRole('button', { name: 'Go' }).click();
  await banner('b').getByRole('button', { name: 'Close' }).click();
  expect(await page.evaluate(() => window.heard)).toEqual([
    'shown a',
    'shown b',
    'acted a',
    'clicked a',
    'gone a action',
    'gone b close',
  ]);
});

test('callbacks that throw are reported and harm no banner', async ({ page, problems }) => {
  problems.expect(/page error: Error: no luck/);
  await page.evaluate(() => {
    const fail = () => {
      throw new Error('no luck');
    };
    const handle = window.banners.bannerHandler({
      templates: ({ name }) => ({ message: name }),
      maxVisible: 1,
      onShow: fail,
      onDismiss: fail,
    });
    for (const name of ['one', 'two']) handle({ intervention_id: name, name, version: 1, attributes: {} });
  });
  await expect(page.getByRole('status')).toHaveText(['one']);
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('status')).toHaveText(['two']);
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('status')).toHaveCount(0);
  await expect.poll(() => problems.count(/no luck/)).toBe(4);
});

test('where the clipboard refuses, the code is selected to be copied by hand', async ({ page }) => {
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('refused', 'NotAllowedError'));
  });
  await show(page, offer);
  await page.getByRole('button', { name: 'Copy code' }).click();
  await expect.poll(() => page.evaluate(() => getSelection()?.toString())).toBe('SAVE10');
  await expect(page.getByRole('button', { name: 'Copy code' })).toBeVisible();
});

test('nothing is left in the page when the last banner has gone', async ({ page }) => {
  await show(page, offer);
  await page.getByRole('button', { name: 'Close' }).click();
  await expect(page.locator('signals-banners')).toHaveCount(0);
});

test('banners fit on a screen of 320 pixels, in either writing direction', async ({ page }) => {
  await page.setViewportSize({ width: 320, height: 480 });
  for (const direction of ['ltr', 'rtl']) {
    await page.evaluate((dir) => document.documentElement.setAttribute('dir', dir), direction);
    await show(page, offer);
    await expect(page.getByRole('status')).toBeInViewport({ ratio: 1 });
    await page.getByRole('button', { name: 'Close' }).click();
  }
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320);
});

test('bottom-end is at the right, or at the left where people read from right to left', async ({ page }) => {
  const side = async () => {
    const box = await page.getByRole('status').boundingBox();
    return box && box.x > 640 ? 'right' : 'left';
  };
  await show(page, offer);
  await expect(page.getByRole('status')).toContainText('SAVE10');
  expect(await side()).toBe('right');
  await page.evaluate(() => document.documentElement.setAttribute('dir', 'rtl'));
  expect(await side()).toBe('left');
});

test('banners move in, except where people want less motion', async ({ page, context }) => {
  const animations = () =>
    page.evaluate(() => document.querySelector('signals-banners')?.shadowRoot?.getAnimations().length);
  const devtools = await context.newCDPSession(page);
  await devtools.send('Animation.enable');
  await devtools.send('Animation.setPlaybackRate', { playbackRate: 0 });

  await show(page, offer);
  await expect.poll(animations).toBe(1);
  await page.keyboard.press('Escape');

  await page.emulateMedia({ reducedMotion: 'reduce' });
  await show(page, offer);
  await expect(page.getByRole('status')).toContainText('SAVE10');
  expect(await animations()).toBe(0);
});
