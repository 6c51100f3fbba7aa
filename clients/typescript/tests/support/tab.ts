import { expect, onTestFinished } from 'vitest';
import type * as client from '../../src/index.js';

/** The client under test, as another tab has it: in a document of its own, with the same storage, locks and cookies. */
export type Tab = typeof client;

/** Opens another tab, which is closed when the test ends. */
export async function openTab(): Promise<Tab> {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  onTestFinished(() => frame.remove());
  const page = frame.contentWindow;
  if (!page) throw new Error('the page has no window');
  const script = page.document.createElement('script');
  script.type = 'module';
  script.src = new URL('./other-tab.ts', import.meta.url).href;
  page.document.head.append(script);
  await expect.poll(() => page.plinthClient, { timeout: 10_000 }).toBeDefined();
  const loaded = page.plinthClient;
  if (!loaded) throw new Error('the client is gone');
  return loaded;
}
