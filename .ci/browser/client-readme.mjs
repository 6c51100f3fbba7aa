// Uses the React example of the TypeScript client in a real browser: signs in, adds an item, sees it in two tabs, and
// signs out.
//
// Environment: ORIGIN (where the example is), BASE (URL of the instance), BROWSER (path of Chromium). Fails on a request
// to anywhere else, and on whatever the browser's console calls an error.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { ARGUMENTS } from './chromium.mjs';

// `import` does not look into NODE_PATH; `require` does.
const { chromium } = createRequire(import.meta.url)('playwright');

const { ORIGIN, BASE, BROWSER } = process.env;
const faults = [];

const browser = await chromium.launch({
  executablePath: BROWSER,
  args: ARGUMENTS,
});
const context = await browser.newContext();
context.setDefaultTimeout(15_000);
context.on('request', (request) => {
  const { protocol, origin } = new URL(request.url());
  if (protocol !== 'data:' && ![ORIGIN, new URL(BASE).origin].includes(origin)) {
    faults.push(`a request went elsewhere: ${request.url()}`);
  }
});
context.on('console', (message) => {
  if (message.type() === 'error') faults.push(`console: ${message.text()} (${message.location().url})`);
});
context.on('weberror', (error) => faults.push(`uncaught: ${error.error().message}`));

async function open() {
  const page = await context.newPage();
  await page.goto(ORIGIN);
  return page;
}

/** Waits until so many items are listed. */
async function listed(page, count) {
  const items = page.getByRole('listitem');
  await items.nth(count - 1).waitFor();
  assert.deepEqual(await items.allTextContents(), Array(count).fill('Amber lamp'));
}

const button = (page, name) => page.getByRole('button', { name });

try {
  const page = await open();
  await button(page, 'Sign in').click();
  await page.getByText('grace@example.com').waitFor();
  // Those that the example for Node.js has made.
  await listed(page, 2);
  await button(page, 'Add').click();
  await listed(page, 3);

  const tab = await open();
  await listed(tab, 3);
  await button(tab, 'Add').click();
  await listed(tab, 4);
  await listed(page, 4);

  await button(tab, 'Sign out').click();
  await button(tab, 'Sign in').waitFor();
  await button(page, 'Sign in').waitFor();
  assert.deepEqual(faults, []);
  console.log('the example signs in and adds, the other tab follows');
} catch (error) {
  console.error([...faults, error.stack].join('\n'));
  process.exitCode = 1;
} finally {
  await browser.close();
}
