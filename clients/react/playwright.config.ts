import process from 'node:process';
import { defineConfig } from '@playwright/test';
import { BROWSER } from './tests/support/needed';

/** The whole app in a browser, served by the real server. Each worker has a server and a database of its own. */
export default defineConfig({
  testDir: 'tests',
  // A folder of its own, since it is emptied at each start.
  outputDir: 'test-results/failures',
  globalSetup: './tests/support/needed.ts',
  forbidOnly: Boolean(process.env['CI']),
  fullyParallel: true,
  workers: 2,
  // What fails now and then is to be seen.
  retries: 0,
  reporter: 'list',
  timeout: 45_000,
  expect: { timeout: 10_000 },
  use: {
    actionTimeout: 10_000,
    navigationTimeout: 15_000,
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 850 },
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: BROWSER,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-dev-shm-usage',
        '--disable-background-networking',
        '--disable-component-update',
        '--no-first-run',
      ],
    },
  },
});
