import { useEffect } from 'react';

/**
 * Loads the pages that somebody may go to next, once there is one to look at: they are there at once then, and also when
 * the server is not.
 */
export function useNextPages(isAdmin: boolean): void {
  useEffect(() => {
    // What fails here is loaded, or told, when somebody goes there.
    void Promise.allSettled([import('../account/profile-page'), import('../account/sessions-page')]);
    if (isAdmin) void Promise.allSettled([import('../admin/users-page'), import('../admin/audit-page')]);
  }, [isAdmin]);
}
