import {
  deleteItem,
  type Item,
  isProblem,
  type Options,
  type UpdateItemData,
  updateItem,
} from '@plinth/client';
import { createItemMutation } from '@plinth/client/query';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { tellOf } from '../shared/notify';
import { addToLists, changeInLists, isInSight, refreshLists } from './cache';

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

/**
 * Changes an item. The lists show the change at once, and what was before if the server refuses it. An item that leaves
 * the list by that is told of.
 */
export function useSaveItem() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (change: Options<UpdateItemData, true>) => (await updateItem(change)).data,
    onMutate: ({ path, body }) => changeInLists(queries, path.id, (item) => ({ ...item, ...body })),
    onSuccess: async (saved) => {
      await changeInLists(queries, saved.id, () => saved);
      void refreshLists(queries).then(() => {
        if (!isInSight(queries, saved.id)) tellOf(saved.title, 'was saved.');
      });
    },
    onError: async (_error, _change, before) => {
      if (before) await changeInLists(queries, before.id, () => before);
      void refreshLists(queries);
    },
  });
}

/** Deletes an item. It leaves the lists once it is gone. */
export function useDeleteItem() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ id }: Item) => {
      try {
        // Without `If-Match`: whoever wants an item gone wants that of every version of it, and to refuse it for a
        // changed word would ask the same question again. Whoever changes it at this time is told that it is gone.
        await deleteItem({ path: { id } });
      } catch (error) {
        // Somebody else was faster: it is as it was to be.
        if (!isProblem(error, 'not_found')) throw error;
      }
    },
    onSuccess: async (_data, { id, title }) => {
      await changeInLists(queries, id, () => null);
      void refreshLists(queries);
      tellOf(title, 'was deleted.');
    },
  });
}
