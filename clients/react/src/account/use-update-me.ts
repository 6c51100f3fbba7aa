import { type MeUpdate, type User, updateMe } from '@plinth/client';
import { getMeOptions } from '@plinth/client/query';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';

/** Changes one's own account; what is shown of it changes with it. Throws a problem, such as `wrong_password`. */
export function useUpdateMe(): (changes: MeUpdate) => Promise<User> {
  const queries = useQueryClient();
  return useCallback(
    async (changes) => {
      const { data } = await updateMe({ body: changes });
      const { queryKey } = getMeOptions();
      // An answer that is on its way may be older.
      await queries.cancelQueries({ queryKey });
      queries.setQueryData(queryKey, data);
      return data;
    },
    [queries],
  );
}
