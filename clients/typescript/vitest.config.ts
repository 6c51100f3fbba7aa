import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { commands } from './tests/support/commands.js';
import { freePort } from './tests/support/instance.js';

// Both the pages and the servers are at 127.0.0.1: cookies are sent within one site only, whatever the ports.
const host = '127.0.0.1';
const port = await freePort();
const provide = { pageOrigin: `http://${host}:${port}` };
// Whatever has to happen may take long on a busy machine.
const patience = { testTimeout: 30_000, expect: { poll: { timeout: 10_000 } } };

export default defineConfig({
  test: {
    globalSetup: 'tests/support/global-setup.ts',
    provide,
    // None of them extends this: that would read it once more, and take another port.
    projects: [
      {
        optimizeDeps: {
          include: [
            '@tanstack/react-query',
            'react',
            'react-dom',
            'react-dom/client',
            'react/jsx-dev-runtime',
          ],
        },
        test: {
          name: 'browser',
          include: ['tests/*.test.{ts,tsx}'],
          provide,
          ...patience,
          // All pages of a browser share their cookies.
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            api: { host, port, strictPort: true },
            provider: playwright({
              launchOptions: {
                executablePath: process.env['BROWSER'] || '/usr/bin/chromium',
                args: [
                  '--no-sandbox',
                  '--disable-gpu',
                  '--disable-dev-shm-usage',
                  '--disable-background-networking',
                  '--disable-component-update',
                  '--no-first-run',
                ],
              },
            }),
            instances: [{ browser: 'chromium' }],
            commands: commands(provide.pageOrigin),
          },
        },
      },
      {
        test: {
          name: 'node',
          include: ['tests/node/*.test.{ts,tsx}'],
          environment: 'node',
          provide,
          ...patience,
        },
      },
    ],
  },
});
