import { Button, Group, PasswordInput, Stack, Text } from '@mantine/core';
import { isNotEmpty, useForm } from '@mantine/form';
import { deleteMe, type User } from '@plinth/client';
import { usePlinth } from '@plinth/client/react';
import { useNavigate } from 'react-router';
import { Dialog } from '../shared/dialog';
import { FormAlert } from '../shared/form-alert';
import { tell } from '../shared/notify';
import { useSubmission } from '../shared/submission';
import { Username } from './username';

interface DeleteDialogProps {
  readonly user: User;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Asks for the password, and deletes the account. What was typed is forgotten when it closes. */
export function DeleteDialog({ user, opened, onClose }: DeleteDialogProps) {
  return (
    <Dialog opened={opened} onClose={onClose} title="Delete your account?">
      <DeleteForm user={user} onCancel={onClose} />
    </Dialog>
  );
}

function DeleteForm({ user, onCancel }: { readonly user: User; readonly onCancel: () => void }) {
  const { session } = usePlinth();
  const navigate = useNavigate();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { current_password: '' },
    validate: { current_password: isNotEmpty('Enter your current password') },
  });
  const { onSubmit, submitting, failure } = useSubmission(
    form,
    async (values) => {
      await deleteMe({ body: values });
      tell('Your account is deleted.');
      // Its sessions have ended with it.
      session.forget();
      // Whoever signs in next begins at the beginning.
      await navigate('/login', { replace: true });
    },
    { failed: 'Your account was not deleted' },
  );
  return (
    <form onSubmit={onSubmit} noValidate>
      <Username email={user.email} />
      <Stack>
        <Text size="sm">
          You will be signed out on all devices, and nobody can sign in with {user.email} any more. Your items
          stay for the administrators, and only they can bring the account back.
        </Text>
        <FormAlert message={failure} />
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          data-autofocus
          key={form.key('current_password')}
          {...form.getInputProps('current_password')}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" color="red" loading={submitting}>
            Delete account
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
