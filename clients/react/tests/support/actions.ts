import { expect, type Locator, type Page } from '@playwright/test';

/** What somebody signs in with. */
interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** The field for a password, which has a button beside it that is named after it as well. */
export function passwordField(page: Page | Locator, label = 'Password'): Locator {
  return page.getByLabel(label, { exact: true });
}

/** Fills the form for signing in, which is there already, and sends it. */
export async function submitLogin(page: Page, { email, password }: Credentials): Promise<void> {
  await page.getByLabel('Email').fill(email);
  await passwordField(page).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Opens the app and signs in, as far as the page with the items. */
export async function signIn(page: Page, credentials: Credentials): Promise<void> {
  await page.goto('/login');
  await submitLogin(page, credentials);
  await expectPage(page, 'Items');
  await expectLive(page);
}

/** The page with that title is shown. */
export async function expectPage(page: Page, title: string): Promise<void> {
  await expect(page.getByRole('heading', { level: 1, name: title })).toBeVisible();
}

/** Changes appear as they happen. */
export async function expectLive(page: Page): Promise<void> {
  await expect(connection(page)).toHaveText(/Live/);
}

/** They do not. */
export async function expectOffline(page: Page): Promise<void> {
  await expect(connection(page)).toHaveText(/Offline/);
}

/** Goes to a page by the navigation, wherever that is at this width. */
export async function goTo(page: Page, name: string): Promise<void> {
  const link = page.getByRole('navigation').getByRole('link', { name, exact: true });
  const burger = page.getByRole('button', { name: 'Navigation' });
  if (await burger.isVisible()) await burger.click();
  await link.click();
}

/** Signs out by the menu. */
export async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Account of/ }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await expectPage(page, 'Sign in');
}

function connection(page: Page): Locator {
  return page.getByRole('banner').getByText(/^Connection: \w/);
}
