/** The pages that a mail leads to. Their paths are the server's. */
export type MailedPage = '/reset-password' | '/verify-email';

/**
 * The token of the link that the page was opened with. Taken as soon as this module is loaded, which is before the router
 * looks at the address and before anything is asked of a server: it proves who the reader is, and an address ends up in
 * the browser's history and in logs.
 */
let mailed = take();

/** The token of the link in the mail that led to this page; null when there was none, or it has been used. */
export function mailedToken(page: MailedPage): string | null {
  return mailed?.page === page ? mailed.token : null;
}

/** Forgets the token, once it has done its work or is known to be no good. */
export function discardMailedToken(): void {
  mailed = null;
}

function take(): { readonly page: string; readonly token: string } | null {
  const { pathname, search, hash } = window.location;
  const parameters = new URLSearchParams(search);
  const token = parameters.get('token');
  const page = pathname.replace(/\/+$/, '');
  if (!token || !isMailedPage(page)) return null;
  parameters.delete('token');
  const rest = parameters.size > 0 ? `?${parameters}` : '';
  window.history.replaceState(window.history.state, '', `${pathname}${rest}${hash}`);
  return { page, token };
}

function isMailedPage(page: string): page is MailedPage {
  return page === '/reset-password' || page === '/verify-email';
}
