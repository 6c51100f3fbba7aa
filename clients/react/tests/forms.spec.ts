import { expectPage, passwordField, signIn } from './support/actions';
import { create, edit, row, save } from './support/items';
import { Person, stranger } from './support/person';
import { expect, test } from './support/test';

test.describe('What the server refuses appears at its field', () => {
  test('an address that is taken, and a password that is too short', async ({ page, person, watch }) => {
    watch.expectStatus(409, 422);
    await page.goto('/register');
    const [email, password] = [page.getByLabel('Email'), passwordField(page)];
    const send = page.getByRole('button', { name: 'Create account' });
    await email.fill(person.email);
    await password.fill('a long enough password');
    await send.click();
    await expect(email).toHaveAccessibleDescription(/There is an account with this address/);
    await expect(email).toBeFocused();
    await expect(page.getByRole('link', { name: 'Sign in instead' })).toBeVisible();

    await email.fill(stranger('Mary Jackson').email);
    await password.fill('short');
    await send.click();
    await expect(password).toHaveAccessibleDescription(/at least 8 characters/);
    await expect(password).toBeFocused();
    await expect(page.getByRole('alert')).toHaveCount(0);

    await email.fill('no address');
    await send.click();
    await expect(email).toHaveAccessibleDescription(/./);
    await expect(password, 'every fault at once').toHaveAccessibleDescription(/at least 8 characters/);
  });

  test('nothing at all, which is not even sent', async ({ page }) => {
    let sent = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') sent += 1;
    });
    await page.goto('/register');
    await page.getByRole('button', { name: 'Create account' }).click();
    await expect(page.getByLabel('Email')).toHaveAccessibleDescription('Enter your email');
    await expect(page.getByLabel('Email')).toBeFocused();
    await page.goto('/login');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(passwordField(page)).toHaveAccessibleDescription('Enter your password');
    expect(sent).toBe(0);
  });

  test('a title of blanks, and a price that is out of range', async ({ page, person, watch }) => {
    watch.expectStatus(422);
    await signIn(page, person);
    await create(page, { title: '   ', price: '99999999999' });
    const dialog = page.getByRole('dialog', { name: 'New item' });
    const [title, price] = [dialog.getByLabel('Title'), dialog.getByLabel('Price')];
    await expect(title).toHaveAccessibleDescription('Enter a title');
    await expect(title).toBeFocused();
    await title.fill('Moon rock');
    await dialog.getByRole('button', { name: 'Create item' }).click();
    await expect(price).toHaveAttribute('aria-invalid', 'true');
    await expect(price).toHaveAccessibleDescription(/9,?999,?999,?999\.99/);
    await expect(price).toBeFocused();
    await price.fill('9999999999.99');
    await dialog.getByRole('button', { name: 'Create item' }).click();
    await expect(row(page, 'Moon rock').getByText('9,999,999,999.99')).toBeVisible();
  });

  test('a title that is too long, in the row that it is edited in', async ({ page, person, watch }) => {
    watch.expectStatus(422);
    await person.createItem({ title: 'First' });
    await person.createItem({ title: 'Second' });
    await signIn(page, person);
    // Two at a time: the fault belongs to one of them.
    const second = await edit(page, 'Second');
    const first = await edit(page, 'First');
    await first.getByLabel('Title').fill('x'.repeat(201));
    await save(first);
    await expect(first.getByLabel('Title')).toHaveAccessibleDescription(/at most 200 characters/);
    await expect(first.getByLabel('Title')).toBeFocused();
    await expect(first.getByLabel('Title'), 'what was typed stays').toHaveValue('x'.repeat(201));
    await expect(second.getByLabel('Title')).not.toHaveAttribute('aria-invalid', 'true');
  });
});

test('A wrong password is told above the form, without a word on which of the two is wrong', async ({
  page,
  person,
  watch,
}) => {
  watch.expectStatus(400);
  await page.goto('/login');
  for (const email of [person.email, stranger('Nobody').email]) {
    await page.getByLabel('Email').fill(email);
    await passwordField(page).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page.getByRole('alert')).toHaveText('The email or the password is not right.');
    await page.reload();
  }
});

test('Too many attempts are told, with the time to wait', async ({ another, serve, watch }) => {
  watch.expectStatus(400, 429);
  const server = await serve({ RATE_LIMIT_ENABLED: 'true', RATE_LIMIT_LOGIN_PER_ACCOUNT: '2/1m' });
  const page = await another({ server });
  const { email } = stranger('Grace Hopper');
  await page.goto('/login');
  const alert = page.getByRole('alert');
  for (const answer of [/not right/, /not right/, /^Too many attempts\. Try again in \d+ seconds?\.$/]) {
    await page.getByLabel('Email').fill(email);
    await passwordField(page).fill('not the password');
    const answered = page.waitForResponse('**/api/auth/login');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await answered;
    await expect(alert).toHaveText(answer);
  }
});

test('Where registration is closed, somebody is told so', async ({ another, serve, watch }) => {
  watch.expectStatus(403);
  const server = await serve({ REGISTRATION: 'closed' });
  const page = await another({ server });
  const { email, password } = stranger('Grace Hopper');
  await page.goto('/register');
  await page.getByLabel('Email').fill(email);
  await passwordField(page).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await expect(page.getByRole('alert')).toContainText('Registration is closed');
  // Accounts that an administrator makes work as ever.
  await signIn(page, await Person.create(server, 'Grace Hopper'));
  await expectPage(page, 'Items');
});
