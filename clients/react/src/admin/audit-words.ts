import type { AuditEntry, ListAuditData } from '@plinth/client';

/** What can be asked of the audit log. */
export type AuditQuery = NonNullable<ListAuditData['query']>;

/** The name of an event that this app knows. A server that is newer than the app may know more. */
export type AuditEvent = NonNullable<AuditQuery['event']>;

type Details = AuditEntry['details'];

/** How an event is told: its name in the filter, and what happened in one entry. */
interface Words {
  readonly name: string;
  /** Unless the name says it all. */
  readonly tell?: (details: Details) => string;
}

/** Why a login failed, by the server's code. */
const REASONS: Readonly<Record<string, string>> = {
  invalid_grant: 'unknown email or wrong password',
  account_inactive: 'the account is deactivated',
};

const WORDS: Readonly<Record<AuditEvent, Words>> = {
  registered: { name: 'Account registered' },
  login: { name: 'Signed in' },
  login_failed: {
    name: 'Sign-in failed',
    tell: ({ reason }) =>
      reason ? `Sign-in failed: ${REASONS[reason] ?? asWords(reason)}` : 'Sign-in failed',
  },
  password_refused: { name: 'Wrong current password' },
  refresh_reused: {
    name: 'Refresh token reused',
    tell: () => 'A replaced refresh token was used again; the session was ended',
  },
  logout: { name: 'Signed out' },
  sessions_ended: {
    name: 'Sessions ended',
    tell: ({ count }) => {
      if (!count) return 'Another session ended';
      return count === '1' ? '1 other session ended' : `${count} other sessions ended`;
    },
  },
  password_changed: { name: 'Password changed' },
  password_reset: { name: 'Password reset', tell: () => 'Password reset with a link from a mail' },
  email_change_requested: {
    name: 'Email change requested',
    tell: (details) => change('Email change requested', details),
  },
  email_changed: { name: 'Email changed', tell: (details) => change('Email changed', details) },
  email_verified: {
    name: 'Email verified',
    tell: ({ email }) => (email ? `Email verified: ${email}` : 'Email verified'),
  },
  user_created: {
    name: 'Account created',
    tell: ({ role }) => (role ? `Account created with the role ${role}` : 'Account created'),
  },
  role_changed: { name: 'Role changed', tell: (details) => change('Role changed', details) },
  activated: { name: 'Account activated' },
  deactivated: { name: 'Account deactivated' },
  deleted: { name: 'Account deleted' },
  restored: { name: 'Account restored' },
};

/** Every event that can be filtered by, with its name. */
export const EVENTS: ReadonlyArray<{ readonly value: AuditEvent; readonly label: string }> =
  // The keys are those of the record, which is exact.
  (Object.keys(WORDS) as Array<AuditEvent>).map((value) => ({ value, label: WORDS[value].name }));

/** The event of that name, if the app knows it. */
export function knownEvent(name: string | null): AuditEvent | null {
  return EVENTS.find(({ value }) => value === name)?.value ?? null;
}

/** What happened. An event that is not known is shown by the name that the server has for it. */
export function happened({ event, details }: AuditEntry): string {
  const known = knownEvent(event);
  if (!known) return event;
  const { name, tell } = WORDS[known];
  return tell ? tell(details) : name;
}

/** A name of the server's, such as `session_id`, as words. */
export function asWords(name: string): string {
  return name.replaceAll('_', ' ');
}

function change(name: string, { from, to }: Details): string {
  if (!from || !to) return name;
  return `${name} from ${from} to ${to}`;
}
