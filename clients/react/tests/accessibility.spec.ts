import type { Locator, Page } from '@playwright/test';
import { expectPage, signIn } from './support/actions';
import { examine } from './support/axe';
import { editor, row } from './support/items';
import { Person } from './support/person';
import { expect, test } from './support/test';
import { cast, empty, inside, outside, type Sight } from './support/tour';

/** The widths of a phone and of a desktop. */
const WIDTHS = [390, 1280];
const SCHEMES = ['light', 'dark'] as const;

/** Fails for what keeps somebody from using the page; prints the rest. */
async function expectAccessible(page: Page, sights: ReadonlyArray<Sight>): Promise<void> {
  const grave = new Map<string, Array<string>>();
  for (const { name, show } of sights) {
    await show(page);
    for (const finding of await examine(page)) {
      if (!finding.grave) console.log(`${name}: ${finding.what}\n  ${finding.where}`);
      // What stands in the frame of every page is told once.
      else grave.set(finding.what, [...(grave.get(finding.what) ?? []), `${name}: ${finding.where}`]);
    }
  }
  const told = [...grave].map(([what, where]) => [what, ...where.slice(0, 5)].join('\n  '));
  expect(told.join('\n')).toBe('');
}

for (const width of WIDTHS) {
  for (const colorScheme of SCHEMES) {
    test.describe(`At ${width} pixels, ${colorScheme}`, () => {
      test.use({ viewport: { width, height: 850 }, colorScheme });

      test('the pages before the login can be used by everybody', async ({ page, person, server }) => {
        await expectAccessible(page, outside(server, person));
      });

      test('the pages of somebody without items can be used by everybody', async ({ page, person }) => {
        await signIn(page, person);
        await expectAccessible(page, empty());
      });

      test('all other pages and dialogs can be used by everybody', async ({ page, server, watch }) => {
        test.setTimeout(120_000);
        // Of the conflict that is shown.
        watch.expectStatus(412);
        const { admin, other } = await cast(server);
        await signIn(page, admin);
        await expectAccessible(page, inside(admin, other));
      });
    });
  }
}

test.describe('On a very small screen', () => {
  test.use({ viewport: { width: 320, height: 640 } });

  test('nothing has to be scrolled sideways', async ({ page, server, watch }) => {
    test.setTimeout(120_000);
    watch.expectStatus(412);
    const { admin, other } = await cast(server);
    const tooWide: Array<string> = [];
    const look = async ({ name, show }: Sight) => {
      await show(page);
      const excess = await page.evaluate(
        () => (document.scrollingElement?.scrollWidth ?? 0) - window.innerWidth,
      );
      if (excess > 0) tooWide.push(`${name}: by ${excess} pixels`);
    };
    for (const sight of outside(server, other)) await look(sight);
    await signIn(page, admin);
    for (const sight of inside(admin, other)) await look(sight);
    expect(tooWide).toEqual([]);
  });

  test('the navigation opens by its button, and closes behind whoever goes somewhere', async ({
    page,
    person,
  }) => {
    await signIn(page, person);
    const link = page.getByRole('navigation').getByRole('link', { name: 'Profile' });
    await expect(link).not.toBeInViewport();
    await page.getByRole('button', { name: 'Navigation' }).click();
    await expect(link).toBeInViewport();
    await link.click();
    await expectPage(page, 'Profile');
    await expect(link).not.toBeInViewport();
  });
});

test.describe('By keyboard alone', () => {
  /** Goes on with Tab until that has the focus. */
  async function tabTo(page: Page, target: Locator): Promise<void> {
    await target.waitFor();
    for (let presses = 0; presses < 60; presses += 1) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await page.keyboard.press('Tab');
    }
    await expect(target, 'Tab leads there').toBeFocused();
  }

  test('somebody signs in, adds an item, changes it and deletes it', async ({ page, server }) => {
    const person = await Person.create(server, 'Grace Hopper');
    await page.goto('/login');
    await expect(page.getByLabel('Email')).toBeFocused();
    await page.keyboard.type(person.email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(person.password);
    await page.keyboard.press('Enter');
    await expectPage(page, 'Items');

    const add = page.getByRole('button', { name: 'New item' });
    await tabTo(page, add);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'New item' });
    await expect(dialog.getByLabel('Title')).toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(add, 'back where it began').toBeFocused();
    await page.keyboard.press('Enter');
    await expect(dialog.getByLabel('Title')).toBeFocused();
    await page.keyboard.type('Typed lamp');
    await tabTo(page, dialog.getByLabel('Price'));
    await page.keyboard.type('7.50');
    await page.keyboard.press('Enter');
    await expect(row(page, 'Typed lamp').getByText('7.50')).toBeVisible();

    await tabTo(page, page.getByRole('button', { name: 'Edit Typed lamp' }));
    await page.keyboard.press('Enter');
    const title = editor(page, 'Typed lamp').getByLabel('Title');
    await expect(title).toBeFocused();
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('Renamed lamp');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('button', { name: 'Edit Renamed lamp' })).toBeFocused();

    await tabTo(page, page.getByRole('button', { name: 'Delete Renamed lamp' }));
    await page.keyboard.press('Enter');
    const question = page.getByRole('dialog', { name: 'Delete this item?' });
    await tabTo(page, question.getByRole('button', { name: 'Delete', exact: true }));
    await page.keyboard.press('Enter');
    await expect(page.getByText('You have no items yet')).toBeVisible();
    await expect(page.getByRole('region', { name: 'Items' }), 'not lost with the row').toBeFocused();
  });
});
