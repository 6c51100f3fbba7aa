import { expect, type Locator, type Page } from '@playwright/test';

/** The row of an item that is shown, not edited. */
export function row(page: Page, title: string): Locator {
  return page
    .getByRole('listitem')
    .filter({ has: page.getByRole('heading', { level: 2, name: title, exact: true }) });
}

/** The form that an item is edited with in its row. */
export function editor(page: Page, title: string): Locator {
  return page.getByRole('form', { name: `Edit ${title}` });
}

/** The titles in the list, from the top. */
export function titles(page: Page): Locator {
  return page.getByRole('region', { name: 'Items' }).getByRole('heading', { level: 2 });
}

/** Opens the editor of an item. */
export async function edit(page: Page, title: string): Promise<Locator> {
  await page.getByRole('button', { name: `Edit ${title}` }).click();
  const form = editor(page, title);
  await expect(form).toBeVisible();
  return form;
}

/** Presses the button that saves what is edited. */
export async function save(form: Locator): Promise<void> {
  await form.getByRole('button', { name: 'Save', exact: true }).click();
}

/** Fills the dialog for a new item and sends it. */
export async function create(
  page: Page,
  item: { readonly title: string; readonly description?: string; readonly price?: string },
): Promise<void> {
  await page.getByRole('button', { name: 'New item' }).click();
  const dialog = page.getByRole('dialog', { name: 'New item' });
  await dialog.getByLabel('Title').fill(item.title);
  if (item.description) await dialog.getByLabel('Description').fill(item.description);
  if (item.price) await dialog.getByLabel('Price').fill(item.price);
  await dialog.getByRole('button', { name: 'Create item' }).click();
}

/** Deletes an item, and says yes when asked. */
export async function remove(page: Page, title: string): Promise<void> {
  await page.getByRole('button', { name: `Delete ${title}` }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete this item?' });
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click();
}
