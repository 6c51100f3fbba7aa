// Uses the API docs in a real browser, as a person would: signs in with Authorize, tries operations out, opens ReDoc.
//
// Environment: BASE (URL of the instance), ADMIN and PASSWORD (whom to sign in as), BROWSER (path of Chromium),
// OUT (folder for screenshots). Fails on a wrong answer, on a request to any other origin, and on whatever the
// browser's console calls an error, which a breach of the content security policy is.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';

import { ARGUMENTS } from './chromium.mjs';

// `import` does not look into NODE_PATH; `require` does.
const { chromium } = createRequire(import.meta.url)('playwright-core');

const { BASE, ADMIN, PASSWORD, BROWSER, OUT } = process.env;
const origin = new URL(BASE).origin;
const faults = [];

const browser = await chromium.launch({
  executablePath: BROWSER,
  args: ARGUMENTS,
});

function watch(page) {
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== origin) {
      faults.push(`a request went elsewhere: ${request.url()}`);
    }
  });
  page.on('requestfailed', (request) => {
    faults.push(`a request failed: ${request.url()} ${request.failure()?.errorText}`);
  });
  page.on('console', (message) => {
    if (message.type() === 'error') {
      faults.push(`console: ${message.text()} (${message.location().url})`);
    }
  });
  page.on('pageerror', (error) => faults.push(`uncaught: ${error.message}`));
}

async function open(where) {
  const page = await context.newPage();
  watch(page);
  // A request that Chromium blocks for the policy may be told to the page alone.
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  const answer = await page.goto(`${BASE}${where}`);
  assert.equal(answer.status(), 200, `${where} answers ${answer.status()}`);
  return page;
}

async function screenshot(page, name) {
  await page.screenshot({ path: path.join(OUT, `${name}.png`), fullPage: false });
}

/** The row of one operation in Swagger UI. */
function operation(page, method, route) {
  return page.locator(`.opblock-${method}`).filter({
    has: page.locator(`.opblock-summary-path[data-path="${route}"]`),
  });
}

/** Try it out and Execute: what the server answered. */
async function tryOut(page, method, route, body) {
  const block = operation(page, method, route);
  await block.locator('.opblock-summary-control').click();
  await block.locator('.try-out__btn').click();
  if (body !== undefined) {
    await block.locator('textarea.body-param__text').fill(JSON.stringify(body));
  }
  const [answer] = await Promise.all([
    page.waitForResponse(
      (response) =>
        new URL(response.url()).pathname === route && response.request().method() === method.toUpperCase(),
    ),
    block.locator('.btn.execute').click(),
  ]);
  // What the person sees, beside what went over the wire.
  const shown = await block.locator('.live-responses-table .response-col_status').last().innerText();
  assert.equal(shown.trim().split(/\s/)[0], String(answer.status()), `${method} ${route}: another status is shown`);
  await block.scrollIntoViewIfNeeded();
  await screenshot(page, `docs-${method}-${route.split('/').at(-1)}`);
  return answer;
}

async function authorize(page) {
  await page.locator('.auth-wrapper .btn.authorize').click();
  // One form for each scheme; the password flow is the one that asks for a name.
  const form = page.locator('.modal-ux .auth-container').filter({ has: page.locator('#oauth_username') });
  await form.locator('#oauth_username').fill(ADMIN);
  await form.locator('#oauth_password').fill(PASSWORD);
  await form.locator('.auth-btn-wrapper .authorize').click();
  // After a success the form gives way to what was signed in as, and a button to log out.
  await page.locator('.modal-ux').getByRole('button', { name: /logout|remove authorization/i }).waitFor();
  await screenshot(page, 'docs-authorized');
  await page.locator('.modal-ux .btn-done').first().click();
}

const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } });
context.setDefaultTimeout(20_000);
let page;
try {
  page = await open('/docs');
  await page.locator('.opblock').first().waitFor();
  await screenshot(page, 'docs');
  await authorize(page);

  const title = `From the browser, ${'ünïcode ✓'}`;
  const created = await tryOut(page, 'post', '/api/items', { title, price: 12.5 });
  assert.equal(created.status(), 201, 'POST /api/items');
  assert.equal((await created.json()).title, title);
  const me = await tryOut(page, 'get', '/api/users/me');
  assert.equal(me.status(), 200, 'GET /api/users/me');
  assert.equal((await me.json()).email, ADMIN);

  page = await open('/redoc');
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  // An operation's own section, not the page's frame alone.
  await page.locator('[data-section-id^="operation/"], [id^="operation/"]').first().waitFor({ state: 'attached' });
  await screenshot(page, 'redoc');

  assert.deepEqual(faults, []);
  console.log('Swagger UI signs in and executes, ReDoc renders, nothing went elsewhere');
} catch (error) {
  if (page) {
    await screenshot(page, 'failed');
  }
  console.error([...faults, error.stack].join('\n'));
  process.exitCode = 1;
} finally {
  await browser.close();
}
