import { deleteItem, type Item, isProblem } from '@plinth/client';
import { createItemMutation, updateItemMutation } from '@plinth/client/query';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { addToLists, changeInLists, refreshLists } from './cache';

/** Makes an item. It stands in the lists once the server has it: only then does it have an id. */
export function useCreateItem() {
  const queries = useQueryClient();
  return useMutation({
    ...createItemMutation(),
    onSuccess: (item) => {
      addToLists(queries, item);
      void refreshLists(queries);
    },
  });
}

/** Changes an item. The lists show the change at once, and what was before if the server refuses it. */
export function useSaveItem() {
  const queries = useQueryClient();
  const { mutationFn } = updateItemMutation();
  return useMutation({
    ...(mutationFn && { mutationFn }),
    onMutate: ({ path, body }) => changeInLists(queries, path.id, (item) => ({ ...item, ...body })),
    onSuccess: (saved) => changeInLists(queries, saved.id, () => saved),
    onError: (_error, _change, before) => before && changeInLists(queries, before.id, () => before),
    onSettled: () => void refreshLists(queries),
  });
}

/** Deletes an item. It leaves the lists once it is gone. */
export function useDeleteItem() {
  const queries = useQueryClient();
  return async ({ id }: Item): Promise<void> => {
    try {
      // Without `If-Match`: whoever wants an item gone wants that of every version of it, and to refuse it for a changed
      // word would ask the same question again. Whoever changes it at this time is told that it is gone.
      await deleteItem({ path: { id } });
    } catch (error) {
      // Somebody else was faster: it is as it was to be.
      if (!isProblem(error, 'not_found')) throw error;
    }
    await changeInLists(queries, id, () => null);
    void refreshLists(queries);
  };
}
