import type { Item } from '@plinth/client';
import type { ReactNode } from 'react';
import { ConfirmationDialog } from '../shared/confirmation';
import { Quoted } from '../shared/quoted';
import { useAsked } from '../shared/use-asked';
import { useDeleteItem } from './mutations';

/** Asks whether to delete an item, and does. */
export interface Deletion {
  readonly ask: (item: Item) => void;
  readonly dialog: ReactNode;
}

/** The deletion of items, one at a time. `onDone` is called when one has left the list, and the dialog with it. */
export function useDeletion(onDone: () => void): Deletion {
  const remove = useDeleteItem();
  const { about, opened, ask, close } = useAsked<Item>();
  const dialog = (
    <ConfirmationDialog
      opened={opened}
      title="Delete this item?"
      confirm="Delete"
      failed="The item was not deleted"
      onConfirm={async () => about && remove.mutateAsync(about)}
      onClose={close}
      onDone={onDone}
    >
      {about && <Quoted>{about.title}</Quoted>} will be gone for good.
    </ConfirmationDialog>
  );
  return { ask, dialog };
}
