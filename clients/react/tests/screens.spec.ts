import path from 'node:path';
import { signIn } from './support/actions';
import { settle } from './support/axe';
import { SCREENS } from './support/needed';
import { Person } from './support/person';
import { test } from './support/test';
import { cast, inside, outside, type Sight } from './support/tour';

/** Pictures of everything, to be looked at: they are not compared. */
for (const [device, width, height] of [
  ['phone', 390, 844],
  ['desktop', 1280, 850],
] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    test.describe(`Pictures for a ${device}, ${colorScheme}`, () => {
      test.use({ viewport: { width, height }, colorScheme });

      test('are taken', async ({ serve, another, watch }) => {
        test.setTimeout(120_000);
        watch.expectStatus(412);
        // Of its own, so that nobody else is in the list of users.
        const server = await serve();
        const { admin, other } = await cast(server);
        for (const name of ['Katherine Johnson', 'Joan Clarke', 'Hedy Lamarr'])
          await Person.create(server, name);
        const screen = await another({ server, viewport: { width, height }, colorScheme });
        const take = async (sights: ReadonlyArray<Sight>) => {
          for (const { name, show } of sights) {
            await show(screen);
            await settle(screen);
            await screen.screenshot({ path: path.join(SCREENS, `${name}-${device}-${colorScheme}.png`) });
          }
        };
        await take(outside(server, other));
        await signIn(screen, admin);
        await take(inside(admin, other));
      });
    });
  }
}
