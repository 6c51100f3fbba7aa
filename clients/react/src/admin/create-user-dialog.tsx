import { Button, Group, NativeSelect, Stack } from '@mantine/core';
import { hasLength, isNotEmpty, useForm } from '@mantine/form';
import type { Role } from '@plinth/client';
import { FormAlert } from '../shared/form-alert';
import { tellOf } from '../shared/notify';
import { useSubmission } from '../shared/submission';
import { FormDialog, useUnsaved } from '../shared/unsaved';
import { nameOf, ROLE_NAMES } from './user-badges';
import { useCreateUser } from './user-changes';
import { UserFields } from './user-fields';
import { ROLES } from './users-view';

interface CreateUserDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Makes a user. */
export function CreateUserDialog({ opened, onClose }: CreateUserDialogProps) {
  return (
    <FormDialog opened={opened} onClose={onClose} title="Create user">
      <CreateUserForm onClose={onClose} />
    </FormDialog>
  );
}

function CreateUserForm({ onClose }: Omit<CreateUserDialogProps, 'opened'>) {
  const create = useCreateUser();
  const form = useForm<{ full_name: string; email: string; password: string; role: Role }>({
    mode: 'uncontrolled',
    initialValues: { full_name: '', email: '', password: '', role: 'viewer' },
    validate: {
      email: isNotEmpty('Enter an email'),
      password: hasLength({ min: 8 }, 'Use at least 8 characters'),
    },
  });
  const send = async ({ full_name, ...values }: typeof form.values) => {
    const user = await create.mutateAsync({ body: { ...values, full_name: full_name.trim() || null } });
    tellOf(nameOf(user), 'was created.');
  };
  const { onSubmit, submitting, failure } = useSubmission(form, send, {
    onDone: onClose,
    failed: 'The user was not created',
  });
  useUnsaved(form.isDirty() && !submitting);
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <FormAlert message={failure} />
        <UserFields
          form={form}
          passwordLabel="Password"
          passwordHint="At least 8 characters. Tell it to them in person; they can change it."
        />
        <NativeSelect
          label="Role"
          data={ROLES.map((role) => ({ value: role, label: ROLE_NAMES[role] }))}
          key={form.key('role')}
          {...form.getInputProps('role')}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={submitting}>
            Create user
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
