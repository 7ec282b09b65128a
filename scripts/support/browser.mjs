// Finds the browser that tests and screenshots use. CHROMIUM and CHROMEDRIVER name other ones.

import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of Chromium or Chrome, or null. */
export const findChromium = () => process.env.CHROMIUM ?? firstOnPath(CHROMIUM_NAMES);

/** Path of chromedriver, or null. */
export const findChromedriver = () => process.env.CHROMEDRIVER ?? firstOnPath(['chromedriver']);

/** Flags that keep a headless Chromium quiet: no sandbox where root runs it, no requests of its own. */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

function firstOnPath(names) {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  for (const name of names) {
    for (const folder of folders) {
      const candidate = path.join(folder, name);
      try {
        accessSync(candidate, constants.X_OK);
        return candidate;
      } catch {
        // Not here: the next folder may have it.
      }
    }
  }
  return null;
}
