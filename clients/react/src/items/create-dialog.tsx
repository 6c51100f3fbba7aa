import { Button, Group, Modal, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { FormAlert } from '../shared/form-alert';
import { tell } from '../shared/notify';
import { useSubmission } from '../shared/submission';
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
    <Modal opened={opened} onClose={onClose} title="New item">
      <CreateForm onDone={onClose} />
    </Modal>
  );
}

function CreateForm({ onDone }: { readonly onDone: () => void }) {
  const create = useCreateItem();
  const form = useForm<Draft>({
    mode: 'uncontrolled',
    initialValues: EMPTY_DRAFT,
    validate: validateDraft,
  });
  const { onSubmit, submitting, failure } = useSubmission(form, async (draft) => {
    const { title } = await create.mutateAsync({ body: toBody(draft) });
    // The order or the search may keep it out of sight.
    tell(`“${title}” was created.`);
    onDone();
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <FormAlert message={failure} />
        <ItemFields form={form} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
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
