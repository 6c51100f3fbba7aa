import { getMeOptions, updateMeMutation } from '@plinth/client/query';
import { useMutation, useQueryClient } from '@tanstack/react-query';

/** Changes one's own account; what is shown of it changes with it. Throws a problem, such as `wrong_password`. */
export function useUpdateMe() {
  const queries = useQueryClient();
  return useMutation({
    ...updateMeMutation(),
    // A password can be among what it was called with: that is forgotten with the form.
    gcTime: 0,
    onSuccess: async (user) => {
      const { queryKey } = getMeOptions();
      // An answer that is on its way may be older.
      await queries.cancelQueries({ queryKey });
      queries.setQueryData(queryKey, user);
    },
  });
}
