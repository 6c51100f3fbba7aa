import { expect, type Locator, type Page } from '@playwright/test';

/** The row of a user in the table. */
export function userRow(page: Page, email: string): Locator {
  return page.getByRole('row').filter({ hasText: email });
}

/** Types what to search for among the users. */
export async function searchUsers(page: Page, text: string): Promise<void> {
  await page.getByRole('search', { name: 'Users' }).getByLabel('Search', { exact: true }).fill(text);
}

/** Chooses what to do with a user in the menu of the row. */
export async function choose(page: Page, email: string, action: string): Promise<void> {
  await userRow(page, email)
    .getByRole('button', { name: /^Actions for/ })
    .click();
  await page.getByRole('menuitem', { name: action, exact: true }).click();
}

/** How many users there are, by what the page says. */
export async function expectCount(page: Page, text: string): Promise<void> {
  await expect(page.getByRole('status').filter({ hasText: text })).toBeVisible();
}
