import { Button, Group, Stack, Text } from '@mantine/core';
import { isNotEmpty, useForm } from '@mantine/form';
import type { User, UserUpdate } from '@plinth/client';
import { FormAlert } from '../shared/form-alert';
import { tellOf } from '../shared/notify';
import { useSubmission } from '../shared/submission';
import { useUnsaved } from '../shared/unsaved';
import { nameOf } from './user-badges';
import { useUpdateUser } from './user-changes';
import { UserFields, type UserValues } from './user-fields';

interface EditUserProps {
  readonly user: User;
  readonly onClose: () => void;
}

/** Changes the name, email or password of somebody else. */
export function EditUser({ user, onClose }: EditUserProps) {
  const update = useUpdateUser();
  const form = useForm<UserValues & Record<string, unknown>>({
    mode: 'uncontrolled',
    initialValues: { full_name: user.full_name ?? '', email: user.email, password: '' },
    validate: {
      email: isNotEmpty('Enter an email'),
      password: (password) =>
        password.length > 0 && password.length < 8 ? 'Use at least 8 characters, or leave it empty' : null,
    },
  });
  const send = async (values: UserValues) => {
    const body = changes(user, values);
    if (Object.keys(body).length > 0) {
      const changed = await update.mutateAsync({ path: { id: user.id }, body });
      tellOf(nameOf(changed), 'was saved.');
    }
  };
  const { onSubmit, submitting, failure } = useSubmission(form, send, {
    onDone: onClose,
    failed: 'The user was not saved',
  });
  useUnsaved(form.isDirty() && !submitting);
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <FormAlert message={failure} />
        <UserFields
          form={form}
          passwordLabel="New password"
          passwordHint="Leave it empty to keep the old one. A new one signs them out everywhere."
        />
        <Text size="sm" c="dimmed">
          A new email takes effect at once, counts as unverified, and the old address is told.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={submitting}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Only what is different: what somebody else changed meanwhile stays as it is. */
function changes(user: User, { full_name, email, password }: UserValues): UserUpdate {
  const name = full_name.trim() || null;
  return {
    ...(name !== user.full_name && { full_name: name }),
    ...(email.trim() !== user.email && { email }),
    ...(password && { password }),
  };
}
