import { type PageUser, updateUser } from '@plinth/client';
import {
  createUserMutation,
  deleteUserMutation,
  getUserQueryKey,
  listAuditQueryKey,
  listUsersQueryKey,
  restoreUserMutation,
  updateUserMutation,
} from '@plinth/client/query';
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query';
import { tellError, tellOf } from '../shared/notify';
import { nameOf } from './user-badges';

/** Makes a user. Throws a problem, such as `email_taken`. */
export function useCreateUser() {
  const queries = useQueryClient();
  return useMutation({
    ...createUserMutation(),
    // A password is among what it was called with: that is forgotten with the form.
    gcTime: 0,
    onSettled: () => readAnew(queries),
  });
}

/** Changes a user. Throws a problem, such as `email_taken` or `last_admin`. */
export function useUpdateUser() {
  const queries = useQueryClient();
  return useMutation({
    ...updateUserMutation(),
    // As above.
    gcTime: 0,
    onSettled: (_user, _error, { path }) => readAnew(queries, path.id),
  });
}

/** Deletes a user. Throws a problem, such as `last_admin`. */
export function useDeleteUser() {
  const queries = useQueryClient();
  return useMutation({
    ...deleteUserMutation(),
    onSettled: (_data, _error, { path }) => readAnew(queries, path.id),
  });
}

/** Restores a deleted user, and tells what came of it. */
export function useRestoreUser() {
  const queries = useQueryClient();
  return useMutation({
    ...restoreUserMutation(),
    onSuccess: (user) => tellOf(nameOf(user), 'was restored.'),
    onError: (error) => tellError(error, 'Not restored'),
    onSettled: (_user, _error, { path }) => readAnew(queries, path.id),
  });
}

/** Whether somebody is to be able to sign in. */
interface Switch {
  readonly id: string;
  readonly active: boolean;
}

/**
 * Switches an account on or off, shows it at once and takes it back if the server refuses. Only that one row is
 * touched: others may have changed meanwhile.
 */
export function useSwitchUser() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ id, active }: Switch) => {
      const { data } = await updateUser({ path: { id }, body: { is_active: active } });
      return data;
    },
    onMutate: async ({ id, active }) => {
      // An answer on its way would bring the old state back.
      await queries.cancelQueries({ queryKey: listUsersQueryKey() });
      showActive(queries, id, active);
    },
    onSuccess: (user) => tellOf(nameOf(user), user.is_active ? 'is active again.' : 'was deactivated.'),
    onError: (error, { id, active }) => {
      showActive(queries, id, !active);
      tellError(error, active ? 'Not activated' : 'Not deactivated');
    },
    onSettled: (_user, _error, { id }) => readAnew(queries, id),
  });
}

function showActive(queries: QueryClient, id: string, active: boolean): void {
  queries.setQueriesData<PageUser>(
    { queryKey: listUsersQueryKey() },
    (page) =>
      page && {
        ...page,
        items: page.items.map((user) => (user.id === id ? { ...user, is_active: active } : user)),
      },
  );
}

/** Reads anew what a change of a user may have changed. Does not rely on being told of it, which can take a while. */
async function readAnew(queries: QueryClient, id?: string): Promise<void> {
  await Promise.all([
    queries.invalidateQueries({ queryKey: listUsersQueryKey() }),
    queries.invalidateQueries({ queryKey: listAuditQueryKey() }),
    id && queries.invalidateQueries({ queryKey: getUserQueryKey({ path: { id } }) }),
  ]);
}
