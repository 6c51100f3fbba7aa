import { expectLive, expectPage, goTo, passwordField, signIn, signOut, submitLogin } from './support/actions';
import { mailedLink } from './support/mail';
import { canLogIn } from './support/person';
import { expect, test } from './support/test';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

test.describe('On the profile', () => {
  test('somebody takes another name', async ({ page, person }) => {
    await signIn(page, person);
    await goTo(page, 'Profile');
    await page.getByLabel('Full name').fill('Rear Admiral Hopper');
    await page.getByRole('button', { name: 'Save name' }).click();
    await expect(page.getByText('Your name is saved.')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Account of Rear Admiral Hopper' })).toBeVisible();
    await page.reload();
    await expect(page.getByLabel('Full name')).toHaveValue('Rear Admiral Hopper');
  });

  test('somebody changes the password, after a slip with the current one', async ({
    page,
    person,
    server,
    watch,
  }) => {
    watch.expectStatus(400);
    const password = `${person.password}, another one`;
    await signIn(page, person);
    await goTo(page, 'Profile');
    const form = page.getByRole('form', { name: 'Change password' });
    const current = passwordField(form, 'Current password');
    await current.fill('not the password');
    await passwordField(form, 'New password').fill(password);
    await form.getByRole('button', { name: 'Change password' }).click();
    await expect(current, 'the fault is at its field').toHaveAccessibleDescription(
      /password is (wrong|not right)/i,
    );
    await expect(current).toBeFocused();

    await current.fill(person.password);
    await form.getByRole('button', { name: 'Change password' }).click();
    await expect(page.getByText('Your password is changed.')).toBeVisible();
    expect(await canLogIn(server, { email: person.email, password })).toBe(true);
    expect(await canLogIn(server, person)).toBe(false);
    // Still signed in here.
    await goTo(page, 'Sessions');
    await expect(page.getByText('This device')).toBeVisible();
  });

  test('somebody asks for another address, and has it once the link was opened', async ({
    page,
    person,
    server,
  }) => {
    const address = person.email.replace('@', '.new@');
    await signIn(page, person);
    await goTo(page, 'Profile');
    const form = page.getByRole('form', { name: 'Change email' });
    await form.getByLabel('New email').fill(address);
    await passwordField(form, 'Current password').fill(person.password);
    await form.getByRole('button', { name: 'Change email' }).click();
    await expect(page.getByText(`Confirm ${address} to finish the change`)).toBeVisible();

    await page.goto(await mailedLink(server, address, '/verify-email'));
    await expect(page.getByText('Your address is verified')).toBeVisible();
    expect(await canLogIn(server, { email: address, password: person.password })).toBe(true);
  });

  test('somebody deletes the account, and is out', async ({ page, person, server }) => {
    await signIn(page, person);
    await goTo(page, 'Profile');
    await page.getByRole('button', { name: 'Delete your account' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete your account?' });
    await passwordField(dialog, 'Current password').fill(person.password);
    await dialog.getByRole('button', { name: 'Delete account' }).click();
    await expectPage(page, 'Sign in');
    expect(await canLogIn(server, person)).toBe(false);
  });
});

test('Somebody ends the session of another device, which is thrown out there', async ({
  page,
  another,
  person,
  watch,
}) => {
  // What the other device gets when it asks for another token.
  watch.expectStatus(400);
  const elsewhere = await another({ userAgent: FIREFOX });
  await signIn(elsewhere, person);
  await signIn(page, person);
  await goTo(page, 'Sessions');
  const device = page.getByRole('listitem').filter({ hasText: 'Firefox on Linux' });
  await expect(device).toBeVisible();
  await device.getByRole('button', { name: /^Sign out/ }).click();
  const question = page.getByRole('dialog', { name: 'Sign out this device?' });
  await question.getByRole('button', { name: 'Sign out', exact: true }).click();

  await expect(device).toHaveCount(0);
  await expect(page.getByText('You are signed in nowhere else.')).toBeVisible();
  await expectPage(elsewhere, 'Sign in');
  await page.reload();
  await expectPage(page, 'Sessions');
});

test('Somebody who forgot the password gets in with a new one, by the link in the mail', async ({
  page,
  person,
  server,
  watch,
}) => {
  // The old password, later.
  watch.expectStatus(400);
  const password = `${person.password}, as good as new`;
  await page.goto('/login');
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  // The login has a field of that name too.
  await expectPage(page, 'Forgot your password?');
  await page.getByLabel('Email').fill(person.email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('Check your inbox')).toBeVisible();

  await page.goto(await mailedLink(server, person.email, '/reset-password'));
  await expectPage(page, 'Choose a new password');
  await expect(page, 'the token is gone from the address').toHaveURL('/reset-password');
  await passwordField(page, 'New password').fill(password);
  await page.getByRole('button', { name: 'Save the new password' }).click();
  await expect(page.getByText('Your password is changed')).toBeVisible();
  await page.getByRole('link', { name: 'Sign in' }).click();
  await expectPage(page, 'Sign in');

  await submitLogin(page, person);
  await expect(page.getByRole('alert')).toContainText('The email or the password is not right.');
  await submitLogin(page, { email: person.email, password });
  await expectPage(page, 'Items');
  await expectLive(page);
  await signOut(page);
});

test('A link for a new password works once', async ({ page, person, server, watch }) => {
  watch.expectStatus(400);
  await page.goto('/forgot-password');
  await page.getByLabel('Email').fill(person.email);
  await page.getByRole('button', { name: 'Send the link' }).click();
  await expect(page.getByText('Check your inbox')).toBeVisible();
  const link = await mailedLink(server, person.email, '/reset-password');
  for (const outcome of ['Your password is changed', 'This link does not work']) {
    await page.goto(link);
    await passwordField(page, 'New password').fill(`${person.password} again`);
    await page.getByRole('button', { name: 'Save the new password' }).click();
    await expect(page.getByText(outcome)).toBeVisible();
  }
});
