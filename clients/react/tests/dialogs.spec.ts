import { goTo, signIn } from './support/actions';
import { expect, test } from './support/test';
import { choose, searchUsers, userRow } from './support/users';

test('A late answer about a user leaves the dialog alone that was opened since', async ({
  page,
  admin,
  person,
}) => {
  await signIn(page, admin);
  await goTo(page, 'Users');
  await searchUsers(page, person.email);
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(`**/api/users/${person.id}`, async (route) => {
    await released;
    await route.continue();
  });
  await choose(page, person.email, 'Change role');
  await page.getByLabel('Editor').check();
  await page.getByRole('button', { name: 'Make editor' }).click();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);

  await choose(page, person.email, 'Edit');
  const name = page.getByRole('dialog').getByLabel('Full name');
  await name.fill('Amazing Grace');
  release();
  await expect(page.getByText(/^“.+” is now an editor\.$/)).toBeVisible();
  await expect(userRow(page, person.email)).toContainText('Editor');
  await expect(name).toHaveValue('Amazing Grace');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Keep editing' }).click();
  await expect(name).toHaveValue('Amazing Grace');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect(userRow(page, 'Amazing Grace')).toBeVisible();
});

test('A role that could not be given is told of, also after the dialog was closed', async ({
  page,
  admin,
  person,
  watch,
}) => {
  watch.expectStatus(404);
  await signIn(page, admin);
  await goTo(page, 'Users');
  await searchUsers(page, person.email);
  await choose(page, person.email, 'Change role');
  await page.getByLabel('Editor').check();
  await page.route(`**/api/users/${person.id}`, async (route) => {
    await admin.send('DELETE', `/users/${person.id}`);
    await expect(page.getByRole('dialog')).toHaveCount(0);
    await route.continue();
  });
  await page.getByRole('button', { name: 'Make editor' }).click();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('alert')).toContainText('The role was not changed');
});
