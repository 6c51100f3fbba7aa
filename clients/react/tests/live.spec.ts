import { expectPage, goTo, signIn } from './support/actions';
import { create, edit, remove, row, save, titles } from './support/items';
import { expect, test } from './support/test';

test('What somebody does appears on the other device, and with an administrator', async ({
  page,
  another,
  person,
  admin,
}) => {
  const device = await another();
  const office = await another();
  await signIn(page, person);
  await signIn(device, person);
  await signIn(office, admin);
  await office.getByLabel('Search items').fill('telescope');
  await office.getByRole('switch', { name: 'Only mine' }).click();
  await expect(office.getByText('Nothing found for “telescope”')).toBeVisible();

  await create(page, { title: 'Brass telescope', price: '120' });
  for (const other of [device, office]) await expect(row(other, 'Brass telescope')).toBeVisible();
  await expect(row(office, 'Brass telescope')).toContainText(person.name);

  const form = await edit(device, 'Brass telescope');
  await form.getByLabel('Price').fill('99');
  await save(form);
  for (const other of [page, office]) {
    await expect(row(other, 'Brass telescope').getByText('99.00')).toBeVisible();
  }

  await remove(office, 'Brass telescope');
  for (const other of [page, device]) await expect(row(other, 'Brass telescope')).toHaveCount(0);
});

test('Somebody who is deactivated is signed out at once, wherever that is', async ({
  page,
  another,
  person,
  admin,
  watch,
}) => {
  watch.expectStatus(400);
  // What was being read at that moment.
  watch.allowStatus(401);
  const device = await another();
  await signIn(page, person);
  await signIn(device, person);
  await goTo(device, 'Profile');
  await admin.updateUser(person.id, { is_active: false });
  await expectPage(page, 'Sign in');
  await expectPage(device, 'Sign in');

  await page.getByLabel('Email').fill(person.email);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('This account has been deactivated.');
});

test('A role that was given or taken shows at once', async ({ page, person, admin, watch }) => {
  // A list of administrators that was being read when it was over.
  watch.allowStatus(403);
  await signIn(page, person);
  const users = page.getByRole('navigation').getByRole('link', { name: 'Users' });
  await expect(users).toHaveCount(0);
  await admin.updateUser(person.id, { role: 'admin' });
  await users.click();
  await expectPage(page, 'Users');
  await expect(page.getByRole('status').filter({ hasText: /users?$/ })).toBeVisible();

  await admin.updateUser(person.id, { role: 'viewer' });
  await expectPage(page, 'For administrators');
  await expect(users).toHaveCount(0);
});

test('A name that was changed elsewhere shows in the header and on the profile', async ({ page, person }) => {
  await signIn(page, person);
  await goTo(page, 'Profile');
  await person.send('PATCH', '/users/me', { full_name: 'Amazing Grace' });
  await expect(page.getByRole('button', { name: 'Account of Amazing Grace' })).toBeVisible();
});

test('A long list stays live while changes keep coming, and is not read for each of them', async ({
  page,
  person,
}) => {
  await person.createItems(120, (number) => ({ title: `Brick ${number}` }));
  await signIn(page, person);
  for (const shown of [20, 40, 60, 80, 100, 120]) {
    await expect(titles(page)).toHaveCount(shown);
    await titles(page).last().scrollIntoViewIfNeeded();
  }
  let reads = 0;
  page.on('request', (request) => {
    if (request.method() === 'GET' && request.url().includes('/api/items?')) reads += 1;
  });
  const [newest] = await person.items();
  for (let round = 1; round <= 12; round += 1) {
    await person.updateItem(newest?.id ?? '', { price: round });
    // The pace of a colleague’s program, say.
    await page.waitForTimeout(150);
    if (round === 8) await expect(row(page, 'Brick 120'), 'while they come').not.toContainText('No price');
  }
  await expect(row(page, 'Brick 120')).toContainText('12.00');
  // Six parts each time.
  expect(reads).toBeLessThanOrEqual(6 * 6);
});
