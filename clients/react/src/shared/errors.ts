import type { FormErrors } from '@mantine/form';
import { fieldErrors, isProblem } from '@plinth/client';

/** Where this app has better words for the user than the server, which answers programs too. By the problem's code. */
const WORDS: Readonly<Record<string, string>> = {
  account_inactive: 'This account has been deactivated. An administrator can activate it again.',
  email_taken: 'Another account uses this email.',
  invalid_grant: 'The email or the password is not right.',
  invalid_token: 'You were signed out. Sign in and try again.',
  invalid_fields: 'Something that was entered is not valid. Check it and try again.',
  last_admin:
    'There has to be an active administrator, and this is the last one. Make somebody else one first.',
  not_deleted: 'This account has been restored already.',
  not_found: 'This has been deleted in the meantime, or is not yours to see.',
  precondition_failed: 'Somebody else has changed this in the meantime.',
  registration_closed: 'Registration is closed: accounts are made by an administrator.',
  unauthenticated: 'You were signed out. Sign in and try again.',
};

/** Problems that are about one field, though the server does not say so: the field's name by the problem's code. */
const FIELD: Readonly<Record<string, string>> = {
  email_taken: 'email',
  wrong_password: 'current_password',
};

/** What went wrong, in a sentence for the user. */
export function explain(error: unknown): string {
  if (isProblem(error, 'rate_limited')) {
    return `Too many attempts. Try again in ${duration(error.retryAfter ?? 60)}.`;
  }
  const faults = Object.entries(fieldErrors(error)).map(toSentence);
  if (faults.length > 0) return faults.join(' ');
  if (isProblem(error)) return WORDS[error.code] ?? error.detail;
  // What a request that gets no answer fails with (Fetch §5.6).
  if (error instanceof TypeError || error instanceof DOMException) {
    return 'The server cannot be reached. Check your connection and try again.';
  }
  return 'Something went wrong in the app. Load the page again.';
}

/**
 * What to show at the fields of a form, and, for the rest, above it. `fields` are the names that the form has; a fault
 * of any other would not be seen at its place.
 */
export function formErrors(
  error: unknown,
  fields: ReadonlyArray<string>,
): { readonly atFields: FormErrors; readonly above: string | null } {
  const field = isProblem(error) ? FIELD[error.code] : undefined;
  if (field && fields.includes(field)) return { atFields: { [field]: explain(error) }, above: null };
  const atFields: FormErrors = {};
  const others: Array<string> = [];
  for (const fault of Object.entries(fieldErrors(error))) {
    const [name, detail] = fault;
    if (fields.includes(name)) atFields[name] = capitalised(detail);
    else others.push(toSentence(fault));
  }
  if (others.length > 0) return { atFields, above: others.join(' ') };
  return { atFields, above: Object.keys(atFields).length > 0 ? null : explain(error) };
}

/** Such as `Full name must not be blank.` */
function toSentence([name, detail]: readonly [name: string, detail: string]): string {
  return `${capitalised(name.replaceAll('_', ' '))} ${detail}.`;
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} seconds`;
  return `${Math.ceil(seconds / 60)} minutes`;
}
