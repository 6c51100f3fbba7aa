import { expectLive, expectPage, passwordField, signIn, signOut, submitLogin } from './support/actions';
import { create, edit, remove, row, save, titles } from './support/items';
import { mailedLink } from './support/mail';
import { stranger } from './support/person';
import { expect, test } from './support/test';

test.describe('A newcomer', () => {
  test('registers, lands on the items, and verifies the address with the link in the mail', async ({
    page,
    server,
  }) => {
    const { full_name, email, password } = stranger('Grace Hopper');
    await page.goto('/');
    await expectPage(page, 'Sign in');
    await page.getByRole('link', { name: 'Create an account' }).click();
    // The login has fields of the same names.
    await expectPage(page, 'Create an account');
    await page.getByLabel('Full name').fill(full_name);
    await page.getByLabel('Email').fill(email);
    await passwordField(page).fill(password);
    await page.getByRole('button', { name: 'Create account' }).click();

    await expectPage(page, 'Items');
    await expectLive(page);
    await expect(page.getByText('You have no items yet')).toBeVisible();
    await expect(page.getByRole('button', { name: `Account of ${full_name}` })).toBeVisible();

    await page.goto('/profile');
    await expect(page.getByText('Not verified')).toBeVisible();
    await page.goto(await mailedLink(server, email, '/verify-email'));
    await expect(page.getByText('Your address is verified')).toBeVisible();
    await expect(page, 'the token is gone from the address').toHaveURL('/verify-email');
    await page.getByRole('link', { name: 'Go to your items' }).click();
    await expectPage(page, 'Items');
    await page.goto('/profile');
    await expect(page.getByText('Verified', { exact: true })).toBeVisible();
    await expect(page.getByText('Verify your email')).toBeHidden();
  });

  test('is told when the link in the mail has been used', async ({ page, server, watch }) => {
    watch.expectStatus(400);
    const { full_name, email, password } = stranger('Joan Clarke');
    await page.goto('/register');
    await page.getByLabel('Full name').fill(full_name);
    await page.getByLabel('Email').fill(email);
    await passwordField(page).fill(password);
    await page.getByRole('button', { name: 'Create account' }).click();
    await expectPage(page, 'Items');
    await expectLive(page);
    await signOut(page);

    const link = await mailedLink(server, email, '/verify-email');
    await page.goto(link);
    await expect(page.getByText('Your address is verified')).toBeVisible();
    await page.goto(link);
    await expect(page.getByText('This link does not work')).toBeVisible();
  });
});

test.describe('Somebody with items', () => {
  test('adds one, changes it in its row, and deletes it', async ({ page, person }) => {
    await signIn(page, person);
    await create(page, { title: 'Amber lamp', description: 'For reading at night', price: '12.5' });
    const item = row(page, 'Amber lamp');
    await expect(item.getByText('12.50')).toBeVisible();
    await expect(item.getByText('For reading at night')).toBeVisible();

    const form = await edit(page, 'Amber lamp');
    await form.getByLabel('Title').fill('Amber desk lamp');
    await form.getByLabel('Price').fill('14.25');
    await save(form);
    await expect(row(page, 'Amber desk lamp').getByText('14.25')).toBeVisible();
    await expect(row(page, 'Amber lamp')).toHaveCount(0);
    await expect.poll(() => person.items()).toMatchObject([{ title: 'Amber desk lamp', price: 14.25 }]);

    await page.getByRole('button', { name: 'Delete Amber desk lamp' }).click();
    const question = page.getByRole('dialog', { name: 'Delete this item?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await expect(question).toBeHidden();
    await expect(row(page, 'Amber desk lamp')).toBeVisible();

    await remove(page, 'Amber desk lamp');
    await expect(page.getByText('You have no items yet')).toBeVisible();
    await expect.poll(() => person.items()).toEqual([]);
    await page.reload();
    await expect(page.getByText('You have no items yet')).toBeVisible();
  });

  test('keeps an own change though the item was changed elsewhere', async ({ page, person, watch }) => {
    watch.expectStatus(412);
    const { id } = await person.createItem({ title: 'Copper kettle', description: 'Two litres', price: 30 });
    await signIn(page, person);
    const form = await edit(page, 'Copper kettle');
    await form.getByLabel('Title').fill('Copper kettle, polished');
    await person.updateItem(id, { title: 'Copper pot', price: 35 });
    await expect(form.getByText('Changed elsewhere a moment ago')).toBeVisible();
    await expect(form.getByLabel('Title'), 'what was typed stays').toHaveValue('Copper kettle, polished');
    await save(form);

    const dialog = page.getByRole('dialog', { name: 'This item has changed' });
    const title = dialog.getByRole('region', { name: 'Title' });
    await expect(title).toContainText('Copper kettle, polished');
    await expect(title).toContainText('Copper pot');
    await dialog.getByRole('button', { name: 'Keep mine' }).click();
    await expect(row(page, 'Copper kettle, polished')).toBeVisible();
    await expect
      .poll(() => person.items(), 'only what was changed here is overwritten')
      .toMatchObject([{ title: 'Copper kettle, polished', description: 'Two litres', price: 35 }]);
  });

  test('takes what somebody else has made of the item', async ({ page, person, watch }) => {
    watch.expectStatus(412);
    const { id } = await person.createItem({ title: 'Oak table', price: 200 });
    await signIn(page, person);
    const form = await edit(page, 'Oak table');
    await form.getByLabel('Price').fill('190');
    await person.updateItem(id, { price: 180 });
    await expect(form.getByText('Changed elsewhere a moment ago')).toBeVisible();
    await save(form);
    const dialog = page.getByRole('dialog', { name: 'This item has changed' });
    await dialog.getByRole('button', { name: 'Take theirs' }).click();
    await expect(row(page, 'Oak table').getByText('180.00')).toBeVisible();
    await expect.poll(() => person.items()).toMatchObject([{ title: 'Oak table', price: 180 }]);
  });

  test('does not lose what was typed when the item was deleted elsewhere', async ({
    page,
    person,
    watch,
  }) => {
    watch.expectStatus(404);
    const { id } = await person.createItem({ title: 'Paper globe' });
    await signIn(page, person);
    const form = await edit(page, 'Paper globe');
    await form.getByLabel('Description').fill('Thirty centimetres wide');
    await person.deleteItem(id);
    await expect(form.getByText('Deleted elsewhere')).toBeVisible();
    await form.getByRole('button', { name: 'Save as new item' }).click();
    await expect(row(page, 'Paper globe').getByText('Thirty centimetres wide')).toBeVisible();
    await expect.poll(async () => (await person.items()).map((item) => item.id)).not.toContain(id);
  });

  test('finds, sorts and scrolls through sixty of them', async ({ page, person }) => {
    await person.createItems(60, (number) => ({
      title: `Lantern ${String(number).padStart(2, '0')}`,
      description: number === 37 ? 'The one with the blue glass' : null,
      price: 61 - number,
    }));
    await signIn(page, person);
    await expect(titles(page).first()).toHaveText('Lantern 60');
    // A part is loaded when the end comes near, and no more than one.
    for (const shown of [20, 40, 60]) {
      await expect(titles(page)).toHaveCount(shown);
      await expect(page.getByRole('region', { name: 'Items' })).toHaveAttribute('aria-busy', 'false');
      await expect(titles(page)).toHaveCount(shown);
      await titles(page).last().scrollIntoViewIfNeeded();
    }
    await expect(titles(page).last()).toHaveText('Lantern 01');
    const all = await titles(page).allTextContents();
    expect(new Set(all).size, 'no item stands there twice').toBe(60);

    await page.getByLabel('Order').selectOption('Price, low to high');
    await expect(titles(page).first()).toHaveText('Lantern 60');
    await page.getByLabel('Order').selectOption('Title, A to Z');
    await expect(titles(page).first()).toHaveText('Lantern 01');

    await page.getByLabel('Search items').fill('BLUE glass');
    await expect(titles(page)).toHaveText(['Lantern 37']);
    await page.reload();
    await expect(titles(page), 'the search is in the address').toHaveText(['Lantern 37']);
    await page.getByLabel('Search items').fill('no such thing');
    await expect(page.getByText('Nothing found for “no such thing”')).toBeVisible();
    await page.getByRole('button', { name: 'Clear the search' }).last().click();
    await expect(titles(page)).toHaveCount(20);
  });
});

test('Somebody signs out, and nothing is left to see by going back', async ({ page, person }) => {
  await person.createItem({ title: 'Secret recipe' });
  await signIn(page, person);
  await expect(row(page, 'Secret recipe')).toBeVisible();
  await page.goto('/profile');
  await expectPage(page, 'Profile');
  await signOut(page);
  await page.goBack();
  await expectPage(page, 'Sign in');
  await expect(page.getByText('Secret recipe')).toHaveCount(0);
  await expect(page.getByText(person.email)).toHaveCount(0);
  expect(await page.evaluate(() => localStorage.getItem('plinth.tokens'))).toBeNull();
  await submitLogin(page, person);
  await expectLive(page);
});
