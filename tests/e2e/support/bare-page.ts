import type { Page } from '@playwright/test';
import { build } from 'esbuild';
import { inProject } from '../../../scripts/support/project.mjs';
import type { MockServer } from './mock-server';

interface BarePage {
  /** Content of the body. */
  body?: string;
  /** Source of the page's script, as an ES module that may import TypeScript and packages of the project. */
  script: string;
  /** The page's Content-Security-Policy. */
  policy: string;
}

/** Opens a page that holds nothing but what a test is about, as if `server` had it. */
export async function openBarePage(page: Page, server: MockServer, { body = '', script, policy }: BarePage) {
  const { outputFiles } = await build({
    stdin: { contents: script, resolveDir: inProject(), loader: 'ts' },
    bundle: true,
    format: 'iife',
    write: false,
    // Where the package looks for its files is up to the tests.
    logOverride: { 'empty-import-meta': 'silent' },
  });
  const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Bare page</title>
    <link rel="icon" href="data:,"><script src="bare.js" defer></script><body>${body}`;
  await page.route(`${server.origin}/bare.html`, (route) =>
    route.fulfill({ contentType: 'text/html', headers: { 'content-security-policy': policy }, body: html }),
  );
  await page.route(`${server.origin}/bare.js`, (route) =>
    route.fulfill({ contentType: 'text/javascript', body: outputFiles[0]?.text ?? '' }),
  );
  await page.goto(`${server.origin}/bare.html`);
}
