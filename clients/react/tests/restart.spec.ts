import { expectLive, expectOffline, expectPage, goTo, signIn } from './support/actions';
import { edit, row, save } from './support/items';
import { Person } from './support/person';
import { expect, test } from './support/test';

test('A server that is killed takes nothing with it: what was typed stays, and what was missed appears', async ({
  another,
  serve,
  watch,
}) => {
  watch.expectOutage();
  const server = await serve();
  const person = await Person.create(server, 'Grace Hopper');
  const { id } = await person.createItem({ title: 'Garden chair', price: 40 });
  await person.createItem({ title: 'Garden table', price: 90 });
  const page = await another({ server });
  await signIn(page, person);
  const form = await edit(page, 'Garden table');
  await form.getByLabel('Price').fill('95');

  await server.kill();
  await expectOffline(page);
  await expect(row(page, 'Garden chair'), 'what was read can still be read').toBeVisible();
  await save(form);
  await expect(form.getByRole('alert')).toContainText('The server cannot be reached.');
  await expect(form.getByLabel('Price'), 'what was typed stays').toHaveValue('95');

  await server.start();
  await person.updateItem(id, { title: 'Garden chair, blue' });
  await person.createItem({ title: 'Garden hose' });
  await expectLive(page);
  await expect(row(page, 'Garden chair, blue')).toBeVisible();
  await expect(row(page, 'Garden hose')).toBeVisible();
  await save(form);
  await expect(row(page, 'Garden table').getByText('95.00')).toBeVisible();
  await goTo(page, 'Sessions');
  await expect(page.getByText('This device')).toBeVisible();
});

test('A page that cannot be read says so, and can be read once the server is back', async ({
  another,
  serve,
  watch,
}) => {
  watch.expectOutage();
  const server = await serve();
  const person = await Person.create(server, 'Grace Hopper');
  const page = await another({ server });
  await signIn(page, person);
  await server.stop();
  await expectOffline(page);
  await goTo(page, 'Sessions');
  // It has tried more than once by then.
  await expect(page.getByText('This could not be loaded')).toBeVisible({ timeout: 20_000 });
  await expect(page.getByRole('alert')).toContainText('The server cannot be reached.');
  await server.start();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('This device')).toBeVisible();
  await expectLive(page);
});

test('Somebody whose connection was away is not signed out, and sees what has happened', async ({
  page,
  person,
  context,
  watch,
}) => {
  watch.expectOutage();
  const { id } = await person.createItem({ title: 'Train ticket' });
  await signIn(page, person);
  await context.setOffline(true);
  await page.getByRole('button', { name: 'New item' }).click();
  const dialog = page.getByRole('dialog', { name: 'New item' });
  await dialog.getByLabel('Title').fill('Suitcase');
  await dialog.getByRole('button', { name: 'Create item' }).click();
  await expect(dialog.getByRole('alert')).toContainText('The server cannot be reached.');
  await person.deleteItem(id);
  await person.createItem({ title: 'Bus ticket' });
  await context.setOffline(false);
  await dialog.getByRole('button', { name: 'Create item' }).click();
  await expect(dialog).toBeHidden();
  await expect(row(page, 'Suitcase')).toBeVisible();
  await expect(row(page, 'Bus ticket')).toBeVisible();
  await expect(row(page, 'Train ticket')).toHaveCount(0);
  await expectPage(page, 'Items');
  await expectLive(page);
});
