import { expectLive, expectPage, goTo, signIn, signOut, submitLogin } from './support/actions';
import { Person } from './support/person';
import { expect, test } from './support/test';
import { choose, searchUsers, userRow } from './support/users';

test('The first thing that Tab reaches leads past the header and the navigation', async ({
  page,
  person,
}) => {
  await signIn(page, person);
  await page.reload();
  await expectPage(page, 'Items');
  await page.keyboard.press('Tab');
  const skip = page.getByRole('button', { name: 'Skip to the content' });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('main')).toBeFocused();
  await expect(skip).not.toBeInViewport();
});

test('What has the focus is not below the header', async ({ page, person }) => {
  for (let number = 1; number <= 12; number += 1) await person.createItem({ title: `Shelf ${number}` });
  await page.setViewportSize({ width: 640, height: 400 });
  await signIn(page, person);
  await expect(page.getByRole('button', { name: /^Delete Shelf/ })).toHaveCount(12);
  await page
    .getByRole('button', { name: /^Delete Shelf/ })
    .last()
    .focus();
  const header = await page.getByRole('banner').boundingBox();
  // All the way back up.
  for (let step = 0; step < 20; step += 1) {
    await page.keyboard.press('Shift+Tab');
    const top = await page.evaluate(() => document.activeElement?.getBoundingClientRect().top);
    expect(top, `after ${step + 1} steps`).toBeGreaterThanOrEqual(header?.height ?? Number.POSITIVE_INFINITY);
  }
});

test('A phone’s navigation closes with Escape', async ({ page, person }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await signIn(page, person);
  const pages = page.getByRole('navigation', { name: 'Pages' });
  await page.getByRole('button', { name: 'Navigation' }).click();
  await expect(pages).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(pages).toBeHidden();
  await expect(page.getByRole('button', { name: 'Navigation' })).toBeFocused();
});

test('A page that takes its time is seen to be on its way', async ({ page }) => {
  const { opened: asked, open: serve } = gate();
  await page.route(/register-page/, async (route) => {
    await asked;
    await route.continue();
  });
  await page.goto('/login');
  await page.getByRole('link', { name: 'Create an account' }).click();
  const progress = page.getByRole('progressbar', { name: 'Loading the page' });
  await expect(progress).toHaveCount(1);
  serve();
  await expectPage(page, 'Create an account');
  await expect(progress).toHaveCount(0);
});

test('A page that begins is not called offline', async ({ page, person }) => {
  await signIn(page, person);
  const { opened: asked, open: connect } = gate();
  await page.routeWebSocket(/\/ws/, async (socket) => {
    await asked;
    socket.connectToServer();
  });
  await page.reload();
  await expect(page.getByRole('banner')).toContainText('Connecting');
  connect();
  await expectLive(page);
});

test('Whoever chose dark colours gets a page that is dark before the app is there', async ({ page }) => {
  await page.goto('/login');
  await page.getByRole('button', { name: 'Dark colours' }).click();
  const { opened: seen, open: serve } = gate();
  await page.route(/\/assets\/.*\.js$/, async (route) => {
    await seen;
    await route.continue();
  });
  await page.reload({ waitUntil: 'commit' });
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await expect(page.getByRole('heading')).toHaveCount(0);
  const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const [red = 255] = background.match(/\d+/g)?.map(Number) ?? [];
  expect(red, background).toBeLessThan(64);
  serve();
  await expectPage(page, 'Sign in');
});

test('Whoever is signed out from elsewhere is told so, and goes on where it was', async ({
  page,
  person,
  watch,
}) => {
  // What was being read at that moment, and the refresh that it leads to.
  watch.allowStatus(400, 401);
  await signIn(page, person);
  await goTo(page, 'Profile');
  await expectPage(page, 'Profile');
  await person.send('DELETE', '/auth/sessions');
  await expectPage(page, 'Sign in');
  await expect(page.getByText('You were signed out.')).toBeVisible();
  await submitLogin(page, person);
  await expectPage(page, 'Profile');
  await signOut(page);
  await expect(page.getByText('You were signed out.'), 'nobody needs to be told what they did').toHaveCount(
    0,
  );
});

test('Somebody whose address is not verified can have a link sent, from the first page on', async ({
  page,
  person,
  server,
}) => {
  await signIn(page, person);
  const banner = page.getByRole('status').filter({ hasText: 'Verify your email' });
  await expect(banner).toContainText(person.email);
  await banner.getByRole('button', { name: 'Send a link' }).click();
  await expect(page.getByText(`We sent an email to ${person.email}.`)).toBeVisible();
  await expect
    .poll(async () => (await server.mail()).filter((mail) => mail.to === person.email).length)
    .toBeGreaterThan(0);
  await banner.getByRole('button', { name: 'Dismiss' }).click();
  await page.reload();
  await expectPage(page, 'Items');
  await expect(banner).toHaveCount(0);
});

test('A name that was changed elsewhere is not changed back', async ({ page, person }) => {
  await signIn(page, person);
  await goTo(page, 'Profile');
  const field = page.getByLabel('Full name');
  await expect(field).toHaveValue(person.name);
  for (const name of ['Amazing Grace', 'Grandma COBOL', 'Grace']) {
    await person.send('PATCH', '/users/me', { full_name: name });
    await expect(field).toHaveValue(name);
  }
  // Once something else was typed, that stays.
  await field.fill('Admiral Hopper');
  await person.send('PATCH', '/users/me', { full_name: 'Rear Admiral Grace' });
  await expect(page.getByRole('button', { name: 'Account of Rear Admiral Grace' })).toBeVisible();
  await expect(field).toHaveValue('Admiral Hopper');
  await page.getByRole('button', { name: 'Save name' }).click();
  await expect(page.getByRole('button', { name: 'Account of Admiral Hopper' })).toBeVisible();
  // As it was saved, it is nobody's draft any more.
  await person.send('PATCH', '/users/me', { full_name: 'Grace Brewster Murray' });
  await expect(field).toHaveValue('Grace Brewster Murray');
});

test('The way back does not lead into a closed drawer', async ({ page, admin, person }) => {
  await signIn(page, admin);
  await goTo(page, 'Users');
  await searchUsers(page, person.email);
  await expect(userRow(page, person.email)).toBeVisible();
  await choose(page, person.email, 'Details and history');
  const drawer = page.getByRole('dialog', { name: 'User' });
  await expect(drawer).toContainText(person.email);
  await page.keyboard.press('Escape');
  await expect(drawer).toBeHidden();
  await page.goBack();
  await expect(page).not.toHaveURL(/user=/);
  await expect(drawer).toBeHidden();
});

test('An address with nonsense in it shows the whole log', async ({ serve, another }) => {
  // Of a server on which nobody was ever deleted.
  const server = await serve();
  const page = await another({ server });
  await signIn(page, Person.root(server));
  await page.goto('/admin/audit?user=nonsense&actor=x');
  await expectPage(page, 'Audit log');
  await expect(page.getByRole('main').getByRole('listitem').first()).toBeVisible();
  await expect(page.getByText('A deleted account')).toHaveCount(0);
});

/** Something to wait for, until it is opened. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
