// Uses the page that docs/adding-a-resource.md adds to the example app: signs in, goes there, adds a project.
//
// Environment: BASE (URL of an instance that serves that app and has no project yet), ADMIN and PASSWORD (whom to sign
// in as), BROWSER (path of Chromium). Fails on whatever the browser's console calls an error.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { ARGUMENTS } from './chromium.mjs';

// `import` does not look into NODE_PATH; `require` does.
const { chromium } = createRequire(import.meta.url)('playwright');

const { BASE, ADMIN, PASSWORD, BROWSER } = process.env;
const faults = [];

const browser = await chromium.launch({
  executablePath: BROWSER,
  args: ARGUMENTS,
});
const page = await browser.newPage();
page.setDefaultTimeout(15_000);
page.on('console', (message) => {
  if (message.type() === 'error') faults.push(`console: ${message.text()} (${message.location().url})`);
});
page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));

try {
  await page.goto(`${BASE}/login`);
  await page.getByLabel('Email').fill(ADMIN);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('navigation').getByRole('link', { name: 'Projects', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'Projects' }).waitFor();
  await page.getByText('No projects yet').waitFor();

  const projects = page.getByRole('list', { name: 'Projects' }).getByRole('listitem');
  for (const title of ['New roof', 'Garden']) {
    await page.getByRole('textbox').fill(title);
    await page.getByRole('button', { name: 'Add' }).click();
    await projects.filter({ hasText: title }).waitFor();
  }
  assert.deepEqual(await projects.allTextContents(), ['Garden', 'New roof']);
  // What was not stored would be gone.
  await page.reload();
  await projects.nth(1).waitFor();

  // Before the next request, which is refused: the console calls that an error.
  assert.deepEqual(faults, []);
  const title = page.getByRole('textbox', { name: 'Title of the new project' });
  await title.fill('x'.repeat(201));
  await page.getByRole('button', { name: 'Add' }).click();
  await title.and(page.locator('[aria-invalid=true]')).waitFor();
  console.log('the page of the walk-through lists what it adds, and tells what is wrong with a title');
} catch (error) {
  console.error([...faults, error.stack].join('\n'));
  process.exitCode = 1;
} finally {
  await browser.close();
}
