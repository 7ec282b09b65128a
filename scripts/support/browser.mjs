// Finds the browser for tests and screenshots. Set CHROMIUM and CHROMEDRIVER to use others.

import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The path of Chromium or Chrome, or null. */
export const findChromium = () => process.env.CHROMIUM ?? firstOnPath(CHROMIUM_NAMES);

/** The path of chromedriver, or null. */
export const findChromedriver = () => process.env.CHROMEDRIVER ?? firstOnPath(['chromedriver']);

/** Flags for a headless Chromium that makes no requests of its own, and that root can run. */
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
        // Not in this folder, so try the next one.
      }
    }
  }
  return null;
}
