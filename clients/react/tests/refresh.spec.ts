import type { Page } from '@playwright/test';
import { expectLive, expectPage, goTo, signIn } from './support/actions';
import { row } from './support/items';
import { Person } from './support/person';
import { outliveToken, Refreshes, spoilToken, TOKENS, waiting } from './support/refresh';
import { expect, test } from './support/test';

/** Another tab of the same browser. */
async function secondTab(page: Page): Promise<Page> {
  const tab = await page.context().newPage();
  await tab.goto('/');
  await expectLive(tab);
  return tab;
}

async function expectSignedIn(...tabs: ReadonlyArray<Page>): Promise<void> {
  for (const tab of tabs) {
    await expectPage(tab, 'Sessions');
    await expect(tab.getByText('This device')).toBeVisible();
    await expectLive(tab);
  }
}

test.describe('Two tabs that need another access token at once', () => {
  for (const { why, change, refused } of [
    { why: 'since it has expired', change: outliveToken, refused: false },
    { why: 'since the server refuses it', change: spoilToken, refused: true },
  ]) {
    test(`ask for it once, ${why}`, async ({ page, context, person, watch }) => {
      if (refused) watch.expectStatus(401);
      await signIn(page, person);
      const tab = await secondTab(page);
      const refreshes = await Refreshes.hold(context);
      await change(page);
      await Promise.all([goTo(page, 'Sessions'), goTo(tab, 'Sessions')]);
      await expect.poll(() => waiting(page), 'one tab waits for the other').toBe(1);
      expect(refreshes.count).toBe(1);
      refreshes.release();
      await expectSignedIn(page, tab);
      expect(refreshes.count).toBe(1);
    });
  }

  test('stay signed in where there are no locks', async ({ page, context, person }) => {
    await context.addInitScript(() => {
      Object.defineProperty(Navigator.prototype, 'locks', { value: undefined });
    });
    await signIn(page, person);
    const tab = await secondTab(page);
    const refreshes = await Refreshes.hold(context);
    await outliveToken(page);
    await Promise.all([goTo(page, 'Sessions'), goTo(tab, 'Sessions')]);
    await expect.poll(() => refreshes.count, 'both present the same refresh token').toBe(2);
    refreshes.release();
    await expectSignedIn(page, tab);
    // And with what they have got.
    await outliveToken(tab);
    await tab.reload();
    await expectSignedIn(tab, page);
  });

  test('stay signed in with the refresh token in a cookie', async ({ another, serve }) => {
    const server = await serve({ AUTH_COOKIES: 'true' });
    const person = await Person.create(server, 'Grace Hopper');
    const page = await another({ server });
    await signIn(page, person);
    const tab = await secondTab(page);
    await Promise.all([goTo(page, 'Sessions'), goTo(tab, 'Sessions')]);
    await expectSignedIn(page, tab);

    const readable = await page.evaluate((key) => localStorage.getItem(key) + document.cookie, TOKENS);
    const cookies = await page.context().cookies();
    expect(cookies).toEqual([expect.objectContaining({ httpOnly: true, sameSite: 'Strict' })]);
    for (const { value } of cookies) expect(readable, 'no script can read it').not.toContain(value);
    expect(readable, 'nor an access token').not.toMatch(/eyJ/);

    // Each keeps its access token in memory, so that both lose it.
    const refreshes = await Refreshes.hold(page.context());
    await Promise.all([page.reload(), tab.reload()]);
    await expect.poll(() => waiting(page), 'one tab waits for the other').toBe(1);
    refreshes.release();
    await expectSignedIn(page, tab);
    expect(refreshes.count, 'one for each').toBe(2);
  });
});

test('A tab that another one has signed out shows the login', async ({ page, person }) => {
  await signIn(page, person);
  const tab = await secondTab(page);
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expectPage(page, 'Sign in');
  await expectPage(tab, 'Sign in');
});

test('A page that is only looked at outlives its access token and stays live', async ({ another, serve }) => {
  test.setTimeout(120_000);
  // The shortest there is. The server closes the connection when the token expires.
  const server = await serve({ ACCESS_TOKEN_EXPIRE_MINUTES: '1' });
  const person = await Person.create(server, 'Grace Hopper');
  const page = await another({ server });
  let [opened, closed, refreshes] = [0, 0, 0];
  page.on('websocket', (socket) => {
    opened += 1;
    socket.on('close', () => {
      closed += 1;
    });
  });
  page.on('request', (request) => {
    if (request.url().endsWith('/api/auth/refresh')) refreshes += 1;
  });
  await signIn(page, person);
  await expect(page.getByText('You have no items yet')).toBeVisible();
  await expect.poll(() => closed, { timeout: 90_000, intervals: [1_000] }).toBe(1);
  await expect.poll(() => opened).toBe(2);
  await expectLive(page);
  expect(refreshes).toBe(1);
  await person.createItem({ title: 'Made elsewhere' });
  await expect(row(page, 'Made elsewhere')).toBeVisible();
});
