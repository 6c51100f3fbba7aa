'use client';

import type { ReactNode } from 'react';
import type { Role } from '../generated/types.gen.js';
import { type Auth, usePlinthContext } from './context.js';

/** Each may do what those before it may. */
const ROLES: ReadonlyArray<Role> = ['viewer', 'editor', 'admin'];

/** What {@link ProtectedRoute} shows to whom. */
export interface ProtectedRouteProps {
  /** The least role that sees the children; without it everybody who is signed in does. */
  readonly role?: Role | undefined;
  /** For whoever may see them. */
  readonly children: ReactNode;
  /** For whoever is not signed in, such as a router's redirection to the login. */
  readonly signedOut: ReactNode;
  /** For whoever has too little a role. */
  readonly forbidden?: ReactNode;
  /** While it is not known. */
  readonly loading?: ReactNode;
  /** When the server does not say who is signed in: `auth.error` says why, `auth.retry()` asks again. */
  readonly unavailable?: ((auth: Auth) => ReactNode) | undefined;
}

/** Shows its children to those who are signed in and have the role. The server decides anew at each request. */
export function ProtectedRoute(props: ProtectedRouteProps): ReactNode {
  const { auth } = usePlinthContext();
  switch (auth.status) {
    case 'loading':
      return props.loading ?? null;
    case 'unavailable':
      return props.unavailable?.(auth) ?? null;
    case 'signed_out':
      return props.signedOut;
    case 'signed_in':
      return hasRole(auth, props.role) ? props.children : (props.forbidden ?? null);
  }
}

/** Somebody whose role is one of a later server has none of these. */
function hasRole({ user }: Auth, least: Role | undefined): boolean {
  if (least === undefined) return true;
  return user !== null && ROLES.indexOf(user.role) >= ROLES.indexOf(least);
}
