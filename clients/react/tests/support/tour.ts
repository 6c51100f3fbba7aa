import type { Page } from '@playwright/test';
import { expectPage } from './actions';
import { edit, row, save } from './items';
import { mailedLink } from './mail';
import { Person } from './person';
import type { Server } from './server';
import { searchUsers } from './users';

let lastPrice = 1_000;

/** A price that nothing has had yet. */
function nextPrice(): number {
  lastPrice += 1;
  return lastPrice;
}

/** Something of the app that can be looked at. */
export interface Sight {
  readonly name: string;
  /** Leads there, from wherever the page is. */
  readonly show: (page: Page) => Promise<void>;
}

/** What is to see without an account. */
export function outside(server: Server, person: Person): ReadonlyArray<Sight> {
  const at = (path: string, title: string) => async (page: Page) => {
    await page.goto(path);
    await expectPage(page, title);
  };
  return [
    { name: 'login', show: at('/login', 'Sign in') },
    { name: 'register', show: at('/register', 'Create an account') },
    {
      name: 'register-refused',
      show: async (page) => {
        await page.goto('/register');
        await page.getByRole('button', { name: 'Create account' }).click();
        await page.getByText('Enter your email').waitFor();
      },
    },
    { name: 'forgot-password', show: at('/forgot-password', 'Forgot your password?') },
    {
      name: 'forgot-password-sent',
      show: async (page) => {
        await page.goto('/forgot-password');
        await page.getByLabel('Email').fill(person.email);
        await page.getByRole('button', { name: 'Send the link' }).click();
        await page.getByText('Check your inbox').waitFor();
      },
    },
    {
      name: 'reset-password',
      show: async (page) => {
        await page.goto(await mailedLink(server, person.email, '/reset-password'));
        await page.getByRole('button', { name: 'Save the new password' }).waitFor();
      },
    },
    { name: 'reset-password-without-link', show: at('/reset-password', 'Choose a new password') },
    { name: 'verify-email-without-link', show: at('/verify-email', 'Verify your email') },
    { name: 'not-found', show: at('/no/such/page', 'Page not found') },
  ];
}

/** What is to see for somebody who has nothing yet. */
export function empty(): ReadonlyArray<Sight> {
  return [
    {
      name: 'items-none',
      show: async (page) => {
        await page.goto('/');
        await page.getByText('You have no items yet').waitFor();
      },
    },
    {
      name: 'forbidden',
      show: async (page) => {
        await page.goto('/admin/users');
        await expectPage(page, 'For administrators');
      },
    },
  ];
}

/** What is to see for an administrator with items. `other` is in the list of users. */
export function inside(admin: Person, other: Person): ReadonlyArray<Sight> {
  const items = async (page: Page) => {
    await page.goto('/');
    await row(page, 'Amber lamp').waitFor();
  };
  const users = async (page: Page) => {
    await page.goto('/admin/users');
    await searchUsers(page, other.email);
    await page.getByText('1 user', { exact: true }).waitFor();
  };
  const ask = (action: string) => async (page: Page) => {
    await users(page);
    await page.getByRole('button', { name: `Actions for ${other.name}` }).click();
    await page.getByRole('menuitem', { name: action, exact: true }).click();
    await page.getByRole('dialog').waitFor();
  };
  return [
    { name: 'items', show: items },
    {
      name: 'items-everybody',
      show: async (page) => {
        await page.goto('/?of=everyone');
        await row(page, 'Compiler').first().waitFor();
      },
    },
    {
      name: 'items-nothing-found',
      show: async (page) => {
        await page.goto('/?q=no+such+thing');
        await page.getByText('Nothing found for').waitFor();
      },
    },
    {
      name: 'item-new',
      show: async (page) => {
        await items(page);
        await page.getByRole('button', { name: 'New item' }).click();
        await page.getByRole('dialog', { name: 'New item' }).waitFor();
      },
    },
    {
      name: 'item-edit',
      show: async (page) => {
        await items(page);
        await edit(page, 'Amber lamp');
      },
    },
    {
      name: 'item-conflict',
      show: async (page) => {
        await items(page);
        const form = await edit(page, 'Oak table');
        await form.getByLabel('Price').fill(String(nextPrice()));
        await form.getByLabel('Description').fill('Seats eight');
        const [table] = (await admin.items()).filter(({ title }) => title === 'Oak table');
        await admin.updateItem(table?.id ?? '', { price: nextPrice() });
        await form.getByText('Changed elsewhere').waitFor();
        await save(form);
        await page.getByRole('dialog', { name: 'This item has changed' }).waitFor();
      },
    },
    {
      name: 'item-delete',
      show: async (page) => {
        await items(page);
        await page.getByRole('button', { name: 'Delete Amber lamp' }).click();
        await page.getByRole('dialog').waitFor();
      },
    },
    {
      name: 'account-menu',
      show: async (page) => {
        await items(page);
        await page.getByRole('button', { name: /^Account of/ }).click();
        await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
      },
    },
    {
      name: 'profile',
      show: async (page) => {
        await page.goto('/profile');
        await expectPage(page, 'Profile');
      },
    },
    {
      name: 'profile-delete',
      show: async (page) => {
        await page.goto('/profile');
        await page.getByRole('button', { name: 'Delete your account' }).click();
        await page.getByRole('dialog').waitFor();
      },
    },
    {
      name: 'sessions',
      show: async (page) => {
        await page.goto('/sessions');
        await page.getByText('This device').waitFor();
      },
    },
    {
      name: 'users',
      show: async (page) => {
        await page.goto('/admin/users');
        await page.getByText(other.email).first().waitFor();
      },
    },
    {
      name: 'user-menu',
      show: async (page) => {
        await users(page);
        await page.getByRole('button', { name: `Actions for ${other.name}` }).click();
        await page.getByRole('menuitem', { name: 'Delete' }).waitFor();
      },
    },
    {
      name: 'user-new',
      show: async (page) => {
        await page.goto('/admin/users');
        await page.getByRole('button', { name: 'Create user' }).click();
        await page.getByRole('dialog').waitFor();
      },
    },
    { name: 'user-edit', show: ask('Edit') },
    { name: 'user-role', show: ask('Change role') },
    { name: 'user-deactivate', show: ask('Deactivate') },
    { name: 'user-delete', show: ask('Delete') },
    {
      name: 'user-details',
      show: async (page) => {
        await users(page);
        await page.getByRole('button', { name: `Details of ${other.name}` }).click();
        await page.getByRole('dialog').getByText('Account created').waitFor();
      },
    },
    {
      name: 'audit',
      show: async (page) => {
        await page.goto('/admin/audit');
        await page.getByText('Signed in').last().waitFor();
      },
    },
  ];
}

/** Items as somebody may have them: long and short, with and without what can be left out. */
export async function furnish(person: Person): Promise<void> {
  await person.createItem({ title: 'Oak table', description: 'Seats six', price: 480 });
  await person.createItem({ title: 'Empty box' });
  await person.createItem({
    title: `A title as long as titles get, with a word in it that has no end: ${'Donaudampfschifffahrt'.repeat(4)}`,
    description: 'First line\nsecond line\nthird line\nfourth line\nfifth line, which is behind a button',
    price: 9_999_999_999.99,
  });
  await person.createItem({ title: 'Copper kettle', description: 'Two litres, whistles.', price: 39.9 });
  await person.createItem({ title: 'Amber lamp', description: 'For reading at night.', price: 12.5 });
}

/** An administrator with items and somebody else who is in the list of users, both signed in nowhere. */
export async function cast(server: Server): Promise<{ readonly admin: Person; readonly other: Person }> {
  const admin = await Person.create(server, 'Ada Lovelace', 'admin');
  const other = await Person.create(server, 'Grace Hopper', 'editor');
  await furnish(admin);
  await other.createItem({ title: 'Compiler', description: 'The first of its kind.' });
  return { admin, other };
}
