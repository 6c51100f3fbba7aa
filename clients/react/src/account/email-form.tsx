import { Button, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { isNotEmpty, useForm } from '@mantine/form';
import type { User } from '@plinth/client';
import { FormAlert } from '../shared/form-alert';
import { tell } from '../shared/notify';
import { useSubmission } from '../shared/submission';
import { useUpdateMe } from './use-update-me';

/** Asks for another address to sign in with. */
export function EmailForm({ user }: { readonly user: User }) {
  const update = useUpdateMe();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', current_password: '' },
    validate: {
      email: isNotEmpty('Enter the new address'),
      current_password: isNotEmpty('Enter your current password'),
    },
  });
  const { onSubmit, submitting, failure } = useSubmission(
    form,
    async (values) => {
      const changed = await update.mutateAsync({ body: values });
      form.reset();
      tell(
        changed.pending_email
          ? `We sent an email to ${changed.pending_email}. Open the link in it.`
          : `You sign in with ${changed.email}.`,
      );
    },
    { failed: 'Your email was not changed' },
  );
  return (
    <form onSubmit={onSubmit} noValidate aria-label="Change email">
      <Stack>
        <FormAlert message={failure} />
        <TextInput
          label="New email"
          type="email"
          autoComplete="email"
          placeholder={user.email}
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          key={form.key('current_password')}
          {...form.getInputProps('current_password')}
        />
        <Group>
          <Button type="submit" loading={submitting}>
            Change email
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
