import { type ChangeView, useView } from '../shared/use-view';
import { type AuditEvent, type AuditQuery, knownEvent } from './audit-words';

/** Which part of the log is looked at: kept in the address. */
export interface AuditView {
  readonly event: AuditEvent | null;
  /** Whose account it was done to. */
  readonly user: string | null;
  /** Who did it. */
  readonly actor: string | null;
  /** From that instant on (RFC 3339, UTC). */
  readonly since: string | null;
  /** Before that instant (RFC 3339, UTC). */
  readonly until: string | null;
}

/** The view without filters. */
export const EVERYTHING: AuditView = { event: null, user: null, actor: null, since: null, until: null };

/** What the address says, and how to change it. */
export function useAuditView(): readonly [AuditView, ChangeView<AuditView>] {
  return useView(read, write);
}

/** Whether anything is left out. */
export function isFiltered(view: AuditView): boolean {
  return Object.values(view).some((part) => part !== null);
}

/** Whether the range has its end before its beginning. */
export function isBackwards({ since, until }: AuditView): boolean {
  return since !== null && until !== null && since >= until;
}

/** What to ask the server for. */
export function toQuery({ event, user, actor, since, until }: AuditView): AuditQuery {
  return {
    page_size: 25,
    ...(event && { event }),
    ...(user && { user_id: user }),
    ...(actor && { actor_id: actor }),
    ...(since && { since }),
    ...(until && { until }),
  };
}

/** The page of what was done to an account. */
export function auditOf(user: string): string {
  return `/admin/audit?${write({ ...EVERYTHING, user })}`;
}

function read(params: URLSearchParams): AuditView {
  return {
    event: knownEvent(params.get('event')),
    user: userId(params.get('user')),
    actor: userId(params.get('actor')),
    since: instant(params.get('since')),
    until: instant(params.get('until')),
  };
}

function write(view: AuditView): URLSearchParams {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) if (value) params.set(name, value);
  return params;
}

/** The id of a user (RFC 9562); null for anything else. */
function userId(text: string | null): string | null {
  return text && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text) ? text : null;
}

/** In one form, so that instants compare as texts; null for anything else. */
function instant(text: string | null): string | null {
  if (!text) return null;
  const found = new Date(text);
  return Number.isNaN(found.getTime()) ? null : found.toISOString();
}
