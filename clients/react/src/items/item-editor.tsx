import { Alert, Button, Group, Loader, Stack, Text } from '@mantine/core';
import { type Item, isProblem } from '@plinth/client';
import { IconRefreshAlert, IconTrashX } from '@tabler/icons-react';
import { useState } from 'react';
import { FormAlert } from '../shared/form-alert';
import { Quoted } from '../shared/quoted';
import { ErrorState } from '../shared/states';
import { ConflictDialog } from './conflict-dialog';
import { ItemCard } from './item-card';
import { ItemFields } from './item-fields';
import { type Editing, useEditing } from './use-editing';
import { useVersion, type Version } from './version';

interface EditorProps {
  readonly item: Item;
  readonly ofOther: boolean;
  readonly onDone: () => void;
}

/** An item in its row, to change. It is read first: what the list shows may be old. */
export function ItemEditor(props: EditorProps) {
  const { data, error, refetch } = useVersion(props.item.id);
  // Editing goes on from the first version, whatever is read later.
  const [base, setBase] = useState<Version>();
  if (data && !base) setBase(data);
  if (base) return <EditForm {...props} base={base} />;
  if (!error) {
    return (
      <Group mih={60}>
        <Loader size="sm" aria-label="Loading" />
      </Group>
    );
  }
  return (
    <Stack align="flex-start">
      {isProblem(error, 'not_found') ? (
        <Text>
          <Quoted>{props.item.title}</Quoted> was deleted in the meantime.
        </Text>
      ) : (
        <ErrorState error={error} retry={() => void refetch()} />
      )}
      <Button variant="default" size="xs" onClick={props.onDone}>
        Close
      </Button>
    </Stack>
  );
}

function EditForm({ item, ofOther, base, onDone }: EditorProps & { readonly base: Version }) {
  const editing = useEditing(base, onDone);
  const { form, element, pending, onSubmit, submitting, failure, deletedElsewhere } = editing;
  return (
    <>
      <ConflictDialog
        found={editing.conflict?.found ?? null}
        onKeepMine={editing.keepMine}
        onTakeTheirs={editing.takeTheirs}
        onCancel={editing.goOn}
      />
      {pending && <ItemCard item={{ ...item, ...pending }} ofOther={ofOther} actions="saving" />}
      {/* It may be needed again, with what was typed and the place of the fault. */}
      <form
        ref={element}
        onSubmit={onSubmit}
        noValidate
        aria-label={`Edit ${base.item.title}`}
        hidden={pending !== null}
      >
        <Stack>
          <Elsewhere editing={editing} />
          <FormAlert message={failure} />
          <ItemFields form={form} />
          <Group gap="sm">
            <Button type="submit" loading={submitting}>
              {deletedElsewhere ? 'Save as new item' : 'Save'}
            </Button>
            <Button variant="default" onClick={onDone}>
              {deletedElsewhere ? 'Discard' : 'Cancel'}
            </Button>
          </Group>
        </Stack>
      </form>
    </>
  );
}

/** What others have done to the item while it is edited here. */
function Elsewhere({ editing }: { readonly editing: Editing }) {
  if (editing.deletedElsewhere) {
    return (
      <Alert color="red" icon={<IconTrashX aria-hidden />} title="Deleted elsewhere" role="alert">
        Somebody has deleted this item. What you typed is still here: copy it, or save it as a new item.
      </Alert>
    );
  }
  if (!editing.changedElsewhere) return null;
  return (
    <Alert
      color="blue"
      icon={<IconRefreshAlert aria-hidden />}
      title="Changed elsewhere a moment ago"
      role="status"
    >
      <Group justify="space-between" gap="sm">
        <Text size="sm">What you typed is untouched. You decide when you save.</Text>
        <Button size="xs" variant="default" onClick={editing.compare}>
          Compare
        </Button>
      </Group>
    </Alert>
  );
}
