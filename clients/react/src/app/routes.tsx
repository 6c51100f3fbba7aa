import type { ComponentType } from 'react';
import { createBrowserRouter, type RouteObject } from 'react-router';
import { LoginPage } from '../auth/login-page';
import { ItemsPage } from '../items/items-page';
import { CrashPage, NotFoundPage } from './error-pages';
import { Frame } from './frame';
import { AdminsOnly, SignedInOnly, SignedOutOnly } from './guards';
import { Loading } from './loading';
import { Root } from './root';

/** A page that is loaded when somebody goes there. */
function later(path: string, load: () => Promise<ComponentType>): RouteObject {
  return { path, lazy: async () => ({ Component: await load() }) };
}

/** The pages inside the frame. */
const framed: Array<RouteObject> = [
  { index: true, element: <ItemsPage /> },
  later('profile', async () => (await import('../account/profile-page')).ProfilePage),
  later('sessions', async () => (await import('../account/sessions-page')).SessionsPage),
  {
    path: 'admin',
    element: <AdminsOnly />,
    children: [
      later('users', async () => (await import('../admin/users-page')).UsersPage),
      later('audit', async () => (await import('../admin/audit-page')).AuditPage),
    ],
  },
];

/** The pages that have none around them. */
const bare: Array<RouteObject> = [
  {
    element: <SignedOutOnly />,
    children: [
      { path: 'login', element: <LoginPage /> },
      later('register', async () => (await import('../auth/register-page')).RegisterPage),
    ],
  },
  // For whoever is signed in too: the link in a mail may have run out.
  later('forgot-password', async () => (await import('../auth/forgot-password-page')).ForgotPasswordPage),
  later('reset-password', async () => (await import('../auth/reset-password-page')).ResetPasswordPage),
  later('verify-email', async () => (await import('../auth/verify-email-page')).VerifyEmailPage),
  {
    path: '*',
    element: (
      <main>
        <NotFoundPage />
      </main>
    ),
  },
];

/** Which page stands where. The paths of the pages that mail leads to are the server's. */
export const router = createBrowserRouter([
  {
    element: <Root />,
    errorElement: (
      <main>
        <CrashPage />
      </main>
    ),
    HydrateFallback: Loading,
    children: [
      ...bare,
      {
        element: <SignedInOnly />,
        // A page that fails leaves the frame as it is.
        children: [{ element: <Frame />, children: [{ errorElement: <CrashPage />, children: framed }] }],
      },
    ],
  },
]);
