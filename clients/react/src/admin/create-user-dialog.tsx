import { Button, Group, Modal, NativeSelect, Stack } from '@mantine/core';
import { hasLength, isNotEmpty, useForm } from '@mantine/form';
import type { Role } from '@plinth/client';
import { FormAlert } from '../shared/form-alert';
import { tell } from '../shared/notify';
import { useSubmission } from '../shared/submission';
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
    <Modal opened={opened} onClose={onClose} title="Create user">
      <CreateUserForm onClose={onClose} />
    </Modal>
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
  const { onSubmit, submitting, failure } = useSubmission(form, async ({ full_name, ...values }) => {
    const user = await create.mutateAsync({ body: { ...values, full_name: full_name.trim() || null } });
    tell(`${nameOf(user)} is created`);
    onClose();
  });
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
