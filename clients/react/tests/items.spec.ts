import type { Page } from '@playwright/test';
import { expectPage, goTo, signIn, signOut, submitLogin } from './support/actions';
import { create, edit, remove, row, save, titles } from './support/items';
import { expect, test } from './support/test';

/** Holds back what the app asks with that method, until it is released. */
async function hold(page: Page, method: string, path = '**/api/items**'): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(path, async (route) => {
    if (route.request().method() === method) await released;
    await route.continue();
  });
  return release;
}

const newItem = (page: Page) => page.getByRole('dialog', { name: 'New item' });
const question = (page: Page) => page.getByRole('dialog', { name: 'Discard your changes?' });

test.describe('An answer that comes late', () => {
  test('does not close the next dialog', async ({ page, person }) => {
    await signIn(page, person);
    const release = await hold(page, 'POST');
    await create(page, { title: 'First of two' });
    await page.keyboard.press('Escape');
    // At once, while the first one still fades out.
    await expect(page.getByRole('button', { name: 'New item' })).toBeFocused();
    await page.keyboard.press('Enter');
    const title = newItem(page).getByLabel('Title');
    await expect(title).toHaveValue('');
    await title.fill('Second of two');
    release();
    await expect(page.getByText('“First of two” was created.')).toBeVisible();
    await expect(row(page, 'First of two')).toBeAttached();
    await expect(title).toHaveValue('Second of two');
    await newItem(page).getByRole('button', { name: 'Create item' }).click();
    await expect(row(page, 'Second of two')).toBeVisible();
  });

  test('is told when it is a refusal', async ({ page, person, watch }) => {
    watch.expectStatus(422);
    await signIn(page, person);
    const release = await hold(page, 'POST');
    await create(page, { title: 'Priceless', price: '99999999999' });
    await page.keyboard.press('Escape');
    await expect(newItem(page)).toBeHidden();
    release();
    const notice = page.getByRole('alert');
    await expect(notice).toContainText('The item was not created');
    await expect(notice).toContainText('Price must be between 0 and 9999999999.99.');
  });

  test('to a question does not close the next question', async ({ page, person }) => {
    await person.createItem({ title: 'Left glove' });
    await person.createItem({ title: 'Right glove' });
    await signIn(page, person);
    const release = await hold(page, 'DELETE');
    await remove(page, 'Left glove');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Delete Right glove' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete this item?' });
    await expect(dialog).toContainText('“Right glove”');
    release();
    await expect(row(page, 'Left glove')).toHaveCount(0);
    await expect(dialog.getByRole('button', { name: 'Delete', exact: true })).toBeEnabled();
  });

  test('is waited for: a form is not sent twice', async ({ page, person }) => {
    await signIn(page, person);
    let sent = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') sent += 1;
    });
    await page.getByRole('button', { name: 'New item' }).click();
    await newItem(page).getByLabel('Title').fill('Only one');
    await newItem(page).evaluate((dialog) => {
      const form = dialog.querySelector('form');
      form?.requestSubmit();
      form?.requestSubmit();
    });
    await expect(newItem(page)).toBeHidden();
    expect(sent).toBe(1);
  });
});

test.describe('What was typed', () => {
  test('in a dialog is asked about before Escape discards it', async ({ page, person }) => {
    await signIn(page, person);
    const open = page.getByRole('button', { name: 'New item' });
    const title = newItem(page).getByLabel('Title');
    await open.click();
    await expect(title).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(newItem(page), 'nothing was typed').toBeHidden();

    await open.click();
    await title.fill('Half a thought');
    await page.keyboard.press('Escape');
    await expect(question(page)).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(question(page)).toBeHidden();
    await expect(title).toHaveValue('Half a thought');
    await expect(title).toBeFocused();

    await page.keyboard.press('Escape');
    await question(page).getByRole('button', { name: 'Discard' }).click();
    await expect(newItem(page)).toBeHidden();
    await expect(open).toBeFocused();
  });

  test('is asked about wherever the focus is', async ({ page, person }) => {
    await signIn(page, person);
    await create(page, { title: '', price: '12' });
    await page.keyboard.press('Escape');
    await expect(question(page)).toBeVisible();
    // As it is until it has come to the question.
    await newItem(page).getByLabel('Title').focus();
    await page.keyboard.press('Escape');
    await expect(question(page)).toBeHidden();
    await expect(newItem(page).getByLabel('Price')).toHaveValue('12');
  });

  test('is not asked about any more once its page has gone', async ({ page, person, watch }) => {
    watch.allowStatus(400, 401);
    await signIn(page, person);
    await goTo(page, 'Profile');
    await goTo(page, 'Items');
    const ask = async () => {
      await page.getByRole('button', { name: 'New item' }).click();
      await newItem(page).getByLabel('Title').fill('Half a thought');
      await page.keyboard.press('Escape');
      await expect(question(page)).toBeVisible();
    };
    await ask();
    await page.goBack();
    await question(page).getByRole('button', { name: 'Discard' }).click();
    await expectPage(page, 'Profile');
    await expect(page.getByRole('dialog')).toHaveCount(0);

    await goTo(page, 'Items');
    await ask();
    await person.send('DELETE', '/auth/sessions');
    await expectPage(page, 'Sign in');
    await expect(page.getByRole('dialog')).toHaveCount(0);
  });

  test('is asked about before somebody signs out', async ({ page, person }) => {
    await person.createItem({ title: 'Garden gnome' });
    await signIn(page, person);
    const form = await edit(page, 'Garden gnome');
    await form.getByLabel('Title').fill('Garden gnome, red hat');
    const choose = async (answer: string) => {
      await page.getByRole('button', { name: /^Account of/ }).click();
      await page.getByRole('menuitem', { name: 'Sign out' }).click();
      await question(page).getByRole('button', { name: answer }).click();
    };
    await choose('Keep editing');
    await expect(question(page)).toBeHidden();
    await expect(form.getByLabel('Title')).toHaveValue('Garden gnome, red hat');
    await choose('Discard');
    await expectPage(page, 'Sign in');
    await submitLogin(page, person);
    await expectPage(page, 'Items');
    await signOut(page);
  });

  test('in a row is asked about before another page takes its place', async ({ page, person }) => {
    await person.createItem({ title: 'Garden gnome' });
    await signIn(page, person);
    await goTo(page, 'Profile');
    await goTo(page, 'Items');
    const form = await edit(page, 'Garden gnome');
    await goTo(page, 'Sessions');
    await expectPage(page, 'Sessions');
    await goTo(page, 'Items');

    await edit(page, 'Garden gnome');
    await form.getByLabel('Title').fill('Garden gnome, red hat');
    // Another view of the same page keeps it.
    await page.getByLabel('Order').selectOption('Title, A to Z');
    for (const leave of [() => goTo(page, 'Sessions'), () => page.goBack().then(() => page.goBack())]) {
      await leave();
      await question(page).getByRole('button', { name: 'Keep editing' }).click();
      await expect(question(page)).toBeHidden();
      await expect(form.getByLabel('Title')).toHaveValue('Garden gnome, red hat');
    }
    await goTo(page, 'Sessions');
    await question(page).getByRole('button', { name: 'Discard' }).click();
    await expectPage(page, 'Sessions');
    await goTo(page, 'Items');
    await expect(row(page, 'Garden gnome')).toBeVisible();
  });

  test('is asked about by the browser before the app is left', async ({ page, person }) => {
    await person.createItem({ title: 'Garden gnome' });
    await signIn(page, person);
    const asked: Array<string> = [];
    page.on('dialog', async (dialog) => {
      asked.push(dialog.type());
      await dialog.accept();
    });
    await page.reload();
    expect(asked).toEqual([]);
    const form = await edit(page, 'Garden gnome');
    await form.getByLabel('Title').fill('Garden gnome, red hat');
    await page.reload();
    expect(asked).toEqual(['beforeunload']);
  });

  test('does not keep somebody from being signed out', async ({ page, person, watch }) => {
    watch.allowStatus(400, 401);
    await person.createItem({ title: 'Garden gnome' });
    await signIn(page, person);
    const form = await edit(page, 'Garden gnome');
    await form.getByLabel('Title').fill('Garden gnome, red hat');
    await person.send('DELETE', '/auth/sessions');
    await expectPage(page, 'Sign in');
    await expect(question(page)).toHaveCount(0);
    await submitLogin(page, person);
    await expectPage(page, 'Items');
  });

  test('as a search is searched for, and does not get in the way of going elsewhere', async ({
    page,
    person,
  }) => {
    await signIn(page, person);
    const profile = page.getByRole('navigation').getByRole('link', { name: 'Profile' });
    const { x, y } = (await profile.boundingBox()) ?? { x: 0, y: 0 };
    await page.getByLabel('Search items').fill('gnome');
    // Without a wait for anything.
    await page.mouse.click(x + 10, y + 10);
    await expectPage(page, 'Profile');
    // The pause after which a search begins.
    await page.waitForTimeout(500);
    await expect(page).toHaveURL('/profile');
    await page.goBack();
    await expect(page).toHaveURL('/?q=gnome');
    await expect(page.getByLabel('Search items')).toHaveValue('gnome');
  });
});

test.describe('A price', () => {
  for (const [locale, wrong, right, shown] of [
    ['en-GB', ['1,234.50', '-3', '1.999', '1.250', '12 000', '1e3', 'ten'], '1234.5', '1,234.50'],
    ['de-DE', ['1.234,50', '1.250', '1,999'], '1234,5', '1.234,50'],
  ] as const) {
    test(`is taken as it was typed, or refused, where one writes ${shown}`, async ({ another, person }) => {
      const page = await another({ locale });
      await signIn(page, person);
      await create(page, { title: 'Clock', price: wrong[0] });
      const price = newItem(page).getByLabel('Price');
      for (const text of wrong) {
        await price.fill(text);
        await price.press('Enter');
        await expect(price).toHaveAccessibleDescription(/^Enter digits, with at most two decimals/);
        await expect(price).toHaveValue(text);
        await expect(price).toBeFocused();
        await price.fill('');
        await expect(price).not.toHaveAttribute('aria-invalid', 'true');
      }
      await price.fill(right);
      await price.press('Enter');
      await expect(row(page, 'Clock').getByText(shown)).toBeVisible();
      await expect.poll(() => person.items()).toMatchObject([{ price: 1234.5 }]);
      const form = await edit(page, 'Clock');
      await expect(form.getByLabel('Price')).toHaveValue(right);
    });
  }
});

test.describe('A change that meets another one', () => {
  test('of another field is saved without a question', async ({ page, person, watch }) => {
    watch.expectStatus(412);
    const { id } = await person.createItem({ title: 'Copper kettle', price: 30 });
    await signIn(page, person);
    const form = await edit(page, 'Copper kettle');
    await form.getByLabel('Title').fill('Copper kettle, polished');
    await person.updateItem(id, { price: 35 });
    await expect(form.getByText('Changed elsewhere a moment ago')).toBeVisible();
    await save(form);
    await expect(row(page, 'Copper kettle, polished').getByText('35.00')).toBeVisible();
    await expect.poll(() => person.items()).toMatchObject([{ title: 'Copper kettle, polished', price: 35 }]);
  });

  test('is asked about for the fields alone that both have changed', async ({ page, person, watch }) => {
    watch.expectStatus(412);
    const { id } = await person.createItem({ title: 'Copper kettle', description: 'Two litres', price: 30 });
    await signIn(page, person);
    const form = await edit(page, 'Copper kettle');
    await form.getByLabel('Title').fill('Mine');
    await form.getByLabel('Description').fill('Three litres');
    await person.updateItem(id, { title: 'Theirs', price: 35 });
    await expect(form.getByText('Changed elsewhere a moment ago')).toBeVisible();
    await save(form);
    const dialog = page.getByRole('dialog', { name: 'This item has changed' });
    await expect(dialog.getByRole('region')).toHaveCount(1);
    await expect(dialog.getByRole('region', { name: 'Title' })).toContainText('Theirs');
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(form.getByRole('button', { name: 'Save' })).toBeFocused();
    await save(form);
    await dialog.getByRole('button', { name: 'Keep mine' }).click();
    await expect(row(page, 'Mine')).toBeVisible();
    await expect
      .poll(() => person.items())
      .toMatchObject([{ title: 'Mine', description: 'Three litres', price: 35 }]);
  });

  test('can be compared, and the focus comes back to where it was', async ({ page, person }) => {
    const { id } = await person.createItem({ title: 'Oak table', price: 200 });
    await signIn(page, person);
    const form = await edit(page, 'Oak table');
    await form.getByLabel('Price').fill('190');
    await person.updateItem(id, { price: 180 });
    const compare = form.getByRole('button', { name: 'Compare' });
    await compare.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'This item has changed' });
    await expect(dialog).toContainText('180.00');
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(compare).toBeFocused();
  });

  test('yields where it is asked to, and is saved for the rest', async ({ page, person, watch }) => {
    watch.expectStatus(412);
    const { id } = await person.createItem({ title: 'Oak table', price: 200 });
    await signIn(page, person);
    const theirs = page.getByRole('dialog').getByRole('button', { name: 'Take theirs' });
    const meet = async (title: string, change: string) => {
      const form = await edit(page, title);
      await form.getByLabel('Title').fill('Mine');
      await person.updateItem(id, { title: change });
      await expect(form.getByText('Changed elsewhere a moment ago')).toBeVisible();
      return form;
    };
    const form = await meet('Oak table', 'Oak bench');
    await form.getByLabel('Price').fill('190');
    await save(form);
    await theirs.click();
    await expect(row(page, 'Oak bench').getByText('190.00')).toBeVisible();
    await expect.poll(() => person.items()).toMatchObject([{ title: 'Oak bench', price: 190 }]);

    // Nothing is left to send.
    await save(await meet('Oak bench', 'Oak desk'));
    await theirs.click();
    await expect(row(page, 'Oak desk')).toBeVisible();
    await expect.poll(() => person.items()).toMatchObject([{ title: 'Oak desk', price: 190 }]);
  });

  test('can be compared with faults in it', async ({ page, person }) => {
    const { id } = await person.createItem({ title: 'Oak table', price: 200 });
    await signIn(page, person);
    const form = await edit(page, 'Oak table');
    const compare = form.getByRole('button', { name: 'Compare' });
    const dialog = page.getByRole('dialog', { name: 'This item has changed' });
    await person.updateItem(id, { price: 180 });
    await form.getByLabel('Title').fill('');
    await compare.click();
    await expect(dialog.getByText('You did not change this')).toBeVisible();
    await expect(dialog.getByRole('button', { name: 'Take theirs' })).toHaveCount(0);
    await page.keyboard.press('Escape');
    await form.getByLabel('Price').fill('a lot');
    await compare.click();
    await expect(dialog.getByRole('region', { name: 'Price' })).toContainText('a lot');
    await expect(dialog.getByRole('button', { name: 'Take theirs' })).toBeVisible();
  });

  test('and could not be compared is not said to be so for ever', async ({ page, person, watch }) => {
    watch.expectStatus(403, 422);
    const { id } = await person.createItem({ title: 'Oak table', price: 200 });
    await signIn(page, person);
    const form = await edit(page, 'Oak table');
    await form.getByLabel('Price').fill('99999999999');
    await person.updateItem(id, { title: 'Oak bench' });
    const compare = form.getByRole('button', { name: 'Compare' });
    await expect(compare).toBeVisible();
    await page.route(`**/api/items/${id}`, (route) => route.fulfill({ status: 403, body: 'Not now.' }));
    await compare.click();
    await expect(form.getByRole('alert')).toBeVisible();
    await page.unroute(`**/api/items/${id}`);
    await save(form);
    await expect(form.getByLabel('Price')).toHaveAccessibleDescription(/between 0 and/);
    await expect(form.getByRole('alert')).toHaveCount(0);
  });

  test('and cannot be saved over it leads back to its fields', async ({ page, person, watch }) => {
    watch.expectStatus(412, 422);
    const { id } = await person.createItem({ title: 'Oak table', price: 200 });
    await signIn(page, person);
    const form = await edit(page, 'Oak table');
    await form.getByLabel('Title').fill('Oak desk');
    await person.updateItem(id, { title: 'Oak bench' });
    await expect(form.getByText('Changed elsewhere a moment ago')).toBeVisible();
    await save(form);
    await page.route(`**/api/items/${id}`, (route) =>
      route.continue({ postData: JSON.stringify({ title: 'x'.repeat(201) }) }),
    );
    await page.getByRole('dialog').getByRole('button', { name: 'Keep mine' }).click();
    await expect(form.getByLabel('Title')).toHaveAccessibleDescription(/at most 200 characters/);
    await expect(form.getByLabel('Title')).toBeFocused();
  });
});

test.describe('The list', () => {
  test('says what became of an item that leaves it, and keeps the focus', async ({ page, person }) => {
    await person.createItem({ title: 'Red chair' });
    await person.createItem({ title: 'Red table' });
    await signIn(page, person);
    await page.getByLabel('Search items').fill('red');
    await expect(page).toHaveURL('/?q=red');
    const form = await edit(page, 'Red chair');
    await form.getByLabel('Title').fill('Blue chair');
    await form.getByLabel('Title').press('Enter');
    await expect(page.getByText('“Blue chair” was saved.')).toBeVisible();
    await expect(row(page, 'Blue chair')).toHaveCount(0);
    await expect(page.getByRole('region', { name: 'Items' })).toBeFocused();

    const other = await edit(page, 'Red table');
    await other.getByLabel('Title').fill('Red table, round');
    await save(other);
    await expect(row(page, 'Red table, round')).toBeVisible();
    await expect(page.getByText('“Red table, round” was saved.')).toHaveCount(0);
  });

  test('leads on to the first of the rows that were asked for, also after a failure', async ({
    page,
    person,
    watch,
  }) => {
    watch.expectStatus(403);
    await person.createItems(45, (number) => ({ title: `Book ${number}` }));
    await signIn(page, person);
    await expect(titles(page)).toHaveCount(20);
    const rows = page.getByRole('region', { name: 'Items' }).getByRole('listitem');
    let fail = true;
    await page.route(/\/api\/items\?.*cursor=[^&]/, (route) =>
      fail ? route.fulfill({ status: 403, body: 'Not now.' }) : route.fallback(),
    );
    await page.getByRole('button', { name: 'Load more' }).press('Enter');
    const again = page.getByRole('region', { name: 'Items' }).getByRole('button', { name: 'Try again' });
    await expect(again).toBeVisible();
    fail = false;
    await again.press('Enter');
    await expect(titles(page)).not.toHaveCount(20);
    await expect(rows.nth(20)).toBeFocused();
  });

  test('leaves whoever has gone on elsewhere alone when it grows', async ({ page, person, watch }) => {
    watch.expectStatus(403);
    await person.createItems(45, (number) => ({ title: `Book ${number}` }));
    await signIn(page, person);
    await expect(titles(page)).toHaveCount(20);
    const more = /\/api\/items\?.*cursor=[^&]/;
    await page.route(more, (route) => route.fulfill({ status: 403, body: 'Not now.' }));
    await page.getByRole('button', { name: 'Load more' }).press('Enter');
    await expect(page.getByText('The rest could not be loaded')).toBeVisible();
    await page.unroute(more);
    const search = page.getByLabel('Search items');
    await search.focus();
    await person.createItem({ title: 'A late one' });
    await expect(row(page, 'A late one')).toBeAttached();
    await titles(page).last().scrollIntoViewIfNeeded();
    await expect(titles(page)).not.toHaveCount(20);
    await expect(search).toBeFocused();
  });

  test('that cannot be read is not announced as an empty one', async ({ page, person, watch }) => {
    watch.expectStatus(403);
    await signIn(page, person);
    await page.route('**/api/items?**', (route) => route.fulfill({ status: 403, body: 'Not now.' }));
    await page.reload();
    const list = page.getByRole('region', { name: 'Items' });
    await expect(list.getByRole('alert')).toContainText('This could not be loaded');
    await expect(list.getByRole('status')).toHaveText('');
    await page.unroute('**/api/items?**');
    await list.getByRole('button', { name: 'Try again' }).press('Enter');
    await expect(list.getByRole('status')).toHaveText('No items');
    await expect(list).toBeFocused();
  });

  test('shows titles of any script, and of any length in one line of a notice', async ({ page, person }) => {
    const hebrew = 'שלום, עולם!';
    const long = 'lengthy '.repeat(24).trim();
    await person.createItem({ title: hebrew });
    await signIn(page, person);
    const direction = () =>
      titles(page)
        .first()
        .evaluate((title) => getComputedStyle(title).direction);
    expect(await direction()).toBe('rtl');
    await create(page, { title: long });
    const notice = page.getByText(`“${long}” was created.`);
    await expect(notice).toBeVisible();
    expect((await notice.boundingBox())?.height).toBeLessThan(60);
    expect(await direction()).toBe('ltr');
  });
});

test('Whoever signs in begins at the title of the page', async ({ page, person }) => {
  await signIn(page, person);
  await expect(page.getByRole('heading', { level: 1 })).toBeFocused();
  await expect(page).toHaveTitle('Items – Plinth');
});

test('A form that was sent keeps the focus', async ({ page, person }) => {
  await signIn(page, person);
  await goTo(page, 'Profile');
  await page.getByLabel('Full name').fill('Amazing Grace');
  const send = page.getByRole('button', { name: 'Save name' });
  const release = await hold(page, 'PATCH', '**/api/users/me');
  await send.press('Enter');
  await expect(send).toBeDisabled();
  await expect(send).not.toBeFocused();
  release();
  await expect(page.getByText('Your name is saved.')).toBeVisible();
  await expect(send).toBeFocused();
});
