import type { Response } from '@playwright/test';
import { expectPage, signIn } from './support/actions';
import { expect, test } from './support/test';

/** What the first page may cost to show, in bytes of compressed JavaScript. */
const MOST_JAVASCRIPT = 350_000;

/** How a browser asks for a page. */
const AS_BROWSER = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

test('Pages can be reloaded, bookmarked and passed on', async ({ page, admin }) => {
  await signIn(page, admin);
  for (const [path, title] of [
    ['/profile', 'Profile'],
    ['/sessions', 'Sessions'],
    ['/admin/users', 'Users'],
    ['/admin/audit', 'Audit log'],
    ['/', 'Items'],
  ] as const) {
    const answer = await page.goto(path);
    expect(answer?.status(), path).toBe(200);
    await expectPage(page, title);
    await page.reload();
    await expectPage(page, title);
    await expect(page).toHaveTitle(new RegExp(title));
  }
});

test('An unknown path shows that there is nothing, with a way home', async ({ page, person }) => {
  await page.goto('/no/such/page');
  await expectPage(page, 'Page not found');
  await signIn(page, person);
  await page.goto('/no/such/page');
  await expectPage(page, 'Page not found');
  await page.getByRole('link', { name: 'Go to your items' }).click();
  await expectPage(page, 'Items');
});

test('What is missing is no page of the app: not an asset, not a route of the API', async ({ server }) => {
  for (const path of ['/assets/index-00000000.js', '/missing.png', '/api/missing', '/docs/missing']) {
    const answer = await fetch(`${server.url}${path}`, { headers: AS_BROWSER });
    expect(answer.status, path).toBe(404);
    expect(answer.headers.get('content-type'), path).toBe('application/problem+json');
  }
});

test('What the page loads is compressed, and kept where its name says what is in it', async ({ page }) => {
  const assets: Array<Response> = [];
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.startsWith('/assets/')) assets.push(response);
  });
  const answer = await page.goto('/login', { waitUntil: 'networkidle' });
  await expectPage(page, 'Sign in');
  expect(await answer?.headerValue('cache-control'), 'the page itself is asked for anew').toBe('no-cache');
  expect(assets.length).toBeGreaterThan(1);
  for (const asset of assets) {
    expect(await asset.headerValue('content-encoding'), asset.url()).toMatch(/^(br|gzip)$/);
    expect(await asset.headerValue('cache-control'), asset.url()).toBe('public, max-age=31536000, immutable');
  }
});

test('The first page does not cost too much', async ({ page }) => {
  const scripts: Array<Response> = [];
  page.on('response', (response) => {
    if (response.request().resourceType() === 'script') scripts.push(response);
  });
  await page.goto('/login', { waitUntil: 'networkidle' });
  await expectPage(page, 'Sign in');
  const sizes = await Promise.all(
    scripts.map(async (script) => (await script.request().sizes()).responseBodySize),
  );
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`JavaScript of the first page: ${bytes} bytes compressed, in ${sizes.length} files`);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(MOST_JAVASCRIPT);
});

test('The page may run nothing but its own scripts', async ({ page }) => {
  const answer = await page.goto('/');
  const policy = await answer?.headerValue('content-security-policy');
  expect(policy).toContain("script-src 'self'");
  expect(policy).not.toMatch(/script-src[^;]*unsafe/);
  expect(policy).toContain("frame-ancestors 'none'");
});
