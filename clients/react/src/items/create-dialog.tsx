import { Button, Group, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { FormAlert } from '../shared/form-alert';
import { tellOf } from '../shared/notify';
import { useSubmission } from '../shared/submission';
import { FormDialog, useUnsaved } from '../shared/unsaved';
import { type Draft, EMPTY_DRAFT, toBody, validateDraft } from './draft';
import { ItemFields } from './item-fields';
import { useCreateItem } from './mutations';

/** Makes an item. */
export function CreateDialog({
  opened,
  onClose,
}: {
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  return (
    <FormDialog opened={opened} onClose={onClose} title="New item">
      <CreateForm onClose={onClose} />
    </FormDialog>
  );
}

function CreateForm({ onClose }: { readonly onClose: () => void }) {
  const create = useCreateItem();
  const form = useForm<Draft>({
    mode: 'uncontrolled',
    initialValues: EMPTY_DRAFT,
    validate: validateDraft,
  });
  const send = async (draft: Draft) => {
    const { title } = await create.mutateAsync({ body: toBody(draft) });
    // The order or the search may keep it out of sight.
    tellOf(title, 'was created.');
  };
  const { onSubmit, submitting, failure } = useSubmission(form, send, {
    onDone: onClose,
    failed: 'The item was not created',
  });
  useUnsaved(form.isDirty() && !submitting);
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <FormAlert message={failure} />
        <ItemFields form={form} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={submitting}>
            Create item
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
