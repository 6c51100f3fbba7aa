import { expect } from '@playwright/test';
import type { Server } from './server';

/** The link to that page in the newest mail to somebody that has one; waits for the mail. */
export async function mailedLink(server: Server, to: string, page: string): Promise<string> {
  let link: string | undefined;
  await expect
    .poll(
      async () => {
        const start = `${server.url}${page}?`;
        const texts = (await server.mail()).filter((mail) => mail.to === to).map((mail) => mail.text);
        link = texts.flatMap((text) => text.split(/\s+/)).find((word) => word.startsWith(start));
        return link;
      },
      { message: `a mail to ${to} with a link to ${page}` },
    )
    .toBeDefined();
  return link ?? '';
}
