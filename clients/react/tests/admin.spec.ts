import { expectPage, goTo, passwordField, signIn, submitLogin } from './support/actions';
import { canLogIn, Person, stranger } from './support/person';
import { ROOT } from './support/server';
import { expect, test } from './support/test';
import { choose, expectCount, searchUsers, userRow } from './support/users';

test.describe('An administrator', () => {
  test('finds people by name and email, filters by role, and turns the pages', async ({ page, admin }) => {
    const family = `Zuse${Date.now()}`;
    for (let number = 1; number <= 23; number += 1) {
      const { email, password } = stranger(`Konrad ${family}`);
      const full_name = `Konrad ${family} ${String(number).padStart(2, '0')}`;
      const role = number % 10 === 0 ? 'editor' : 'viewer';
      await admin.send('POST', '/users', { email, password, full_name, role });
    }
    await signIn(page, admin);
    await goTo(page, 'Users');
    await searchUsers(page, family.toUpperCase());
    await expectCount(page, '1 to 20 of 23 users');
    await page.getByRole('button', { name: 'Name' }).click();
    const names = page.getByRole('button', { name: `Details of Konrad ${family}` });
    await expect(names).toHaveCount(20);
    await expect(names.first()).toHaveText(/ 01$/);

    const pages = page.getByRole('navigation', { name: 'Pages of users' });
    await pages.getByRole('button', { name: 'Page 2' }).click();
    await expectCount(page, '21 to 23 of 23 users');
    await expect(names).toHaveText([/ 21$/, / 22$/, / 23$/]);
    await page.reload();
    await expect(names, 'the page is in the address').toHaveText([/ 21$/, / 22$/, / 23$/]);

    await page.getByLabel('Role').selectOption('Editor');
    await expectCount(page, '2 users');
    await expect(names).toHaveText([/ 10$/, / 20$/]);
    await page.goBack();
    await expectCount(page, '21 to 23 of 23 users');

    await searchUsers(page, 'nobody is called like that');
    await expect(page.getByText('No user matches')).toBeVisible();
  });

  test('changes a role, deactivates, deletes and restores, and finds all of it in the log', async ({
    page,
    admin,
    person,
    server,
  }) => {
    await signIn(page, admin);
    await goTo(page, 'Users');
    await searchUsers(page, person.email);
    const user = userRow(page, person.email);
    await expect(user).toContainText('Viewer');

    await choose(page, person.email, 'Change role');
    const roles = page.getByRole('dialog', { name: `Change the role of ${person.name}` });
    await roles.getByLabel('Editor').check();
    await roles.getByRole('button', { name: 'Make editor' }).click();
    await expect(user).toContainText('Editor');

    await choose(page, person.email, 'Deactivate');
    await page
      .getByRole('dialog', { name: `Deactivate ${person.name}?` })
      .getByRole('button', { name: 'Deactivate', exact: true })
      .click();
    await expect(user).toContainText('Deactivated');
    await expect.poll(() => canLogIn(server, person)).toBe(false);
    await choose(page, person.email, 'Activate');
    await expect(user).toContainText('Active');
    await expect.poll(() => canLogIn(server, person)).toBe(true);

    await choose(page, person.email, 'Delete');
    await page
      .getByRole('dialog', { name: `Delete ${person.name}?` })
      .getByRole('button', { name: 'Delete user' })
      .click();
    await expect(page.getByText('No user matches')).toBeVisible();
    expect(await canLogIn(server, person)).toBe(false);
    await page.getByRole('switch', { name: 'Include deleted' }).click();
    await expect(user).toContainText('Deleted');
    await choose(page, person.email, 'Restore');
    await expect(user).toContainText('Active');
    expect(await canLogIn(server, person)).toBe(true);

    await choose(page, person.email, 'Details and history');
    const drawer = page.getByRole('dialog', { name: 'User' });
    for (const entry of [
      'Account created with the role viewer',
      'Role changed from viewer to editor',
      'Account deactivated',
      'Account activated',
      'Account deleted',
      'Account restored',
    ]) {
      await expect(drawer.getByText(entry, { exact: true })).toBeVisible();
    }
    await drawer.getByRole('link', { name: 'Open in the audit log' }).click();
    await expectPage(page, 'Audit log');
    await page.getByLabel('Event').selectOption('Account restored');
    const entries = page.getByRole('main').getByRole('listitem');
    await expect(entries).toHaveCount(1);
    await expect(entries).toContainText(`By ${admin.name}`);
  });

  test('makes an account, and is told at the field that the address is taken', async ({
    page,
    admin,
    person,
    server,
    watch,
  }) => {
    watch.expectStatus(409);
    const { full_name, email, password } = stranger('Katherine Johnson');
    await signIn(page, admin);
    await goTo(page, 'Users');
    await page.getByRole('button', { name: 'Create user' }).click();
    const dialog = page.getByRole('dialog', { name: 'Create user' });
    await dialog.getByLabel('Full name').fill(full_name);
    await dialog.getByLabel('Email').fill(person.email);
    await passwordField(dialog).fill(password);
    await dialog.getByLabel('Role').selectOption('Editor');
    await dialog.getByRole('button', { name: /^Create/ }).click();
    await expect(dialog.getByLabel('Email')).toHaveAccessibleDescription(/Another account uses this email/);
    await expect(dialog.getByLabel('Email')).toBeFocused();

    await dialog.getByLabel('Email').fill(email);
    await dialog.getByRole('button', { name: /^Create/ }).click();
    await expect(dialog).toBeHidden();
    await searchUsers(page, email);
    await expect(userRow(page, email)).toContainText('Editor');
    expect(await canLogIn(server, { email, password })).toBe(true);
  });

  test('who is the last one is told why the account stays', async ({ another, serve, watch }) => {
    watch.expectStatus(409);
    const server = await serve();
    const page = await another({ server });
    await signIn(page, ROOT);
    await goTo(page, 'Users');
    await userRow(page, ROOT.email)
      .getByRole('button', { name: /^Actions for/ })
      .click();
    for (const action of ['Change role', 'Deactivate', 'Delete']) {
      await expect(page.getByRole('menuitem', { name: action, exact: true })).toBeDisabled();
    }
    await page.getByRole('menuitem', { name: 'Edit your profile' }).click();
    await page.getByRole('button', { name: 'Delete your account' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete your account?' });
    await passwordField(dialog, 'Current password').fill(ROOT.password);
    await dialog.getByRole('button', { name: 'Delete account' }).click();
    await expect(dialog.getByRole('alert')).toContainText('this is the last one');
    expect(await canLogIn(server, ROOT)).toBe(true);
  });
});

test('Somebody without the role sees that the page is for administrators', async ({
  page,
  person,
  watch,
}) => {
  await signIn(page, person);
  await expect(page.getByRole('navigation').getByRole('link', { name: 'Users' })).toHaveCount(0);
  for (const path of ['/admin/users', '/admin/audit']) {
    await page.goto(path);
    await expectPage(page, 'For administrators');
  }
  expect(watch.faults(), 'nothing was asked that is refused').toEqual([]);
});

test('A link to the users leads through the login and back', async ({ page, admin, server }) => {
  const { email } = await Person.create(server, 'Hedy Lamarr');
  const search = new URLSearchParams({ search: email });
  await page.goto(`/admin/users?${search}`);
  await expectPage(page, 'Sign in');
  await submitLogin(page, admin);
  await expectPage(page, 'Users');
  await expect(page).toHaveURL(`/admin/users?${search}`);
  await expectCount(page, '1 user');
  await expect(userRow(page, email)).toBeVisible();
});
