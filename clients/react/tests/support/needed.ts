import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { BINARY } from '../../../testing/instance';

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/** The built app: `PLINTH_APP`, or what `npm run build` has made. */
export const APP = path.resolve(PACKAGE, process.env['PLINTH_APP'] || 'dist');

/** Chromium: `BROWSER`, or Debian's. */
export const BROWSER = process.env['BROWSER'] || '/usr/bin/chromium';

/** Where pictures of the pages are put. */
export const SCREENS = path.join(PACKAGE, 'test-results', 'screens');

/** Ends the run before it begins, with what to do about it, if anything is not there that the tests need. */
// biome-ignore lint/style/noDefaultExport: Playwright wants it.
export default function setup(): void {
  const missing = [
    need(BINARY, constants.X_OK, 'the server: run `cargo build` at the top, or name one in PLINTH_BINARY'),
    need(path.join(APP, 'index.html'), constants.R_OK, 'the built app: run `npm run build` in clients'),
    need(BROWSER, constants.X_OK, 'Chromium: `apt-get install chromium`, or name one in BROWSER'),
  ].filter((text) => text !== null);
  if (missing.length > 0) throw new Error(missing.join('\n'));
}

function need(file: string, mode: number, what: string): string | null {
  try {
    accessSync(file, mode);
    return null;
  } catch {
    return `${file} is missing, which is ${what}`;
  }
}
