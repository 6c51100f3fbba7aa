import { Anchor, Button, Group, PasswordInput, Stack } from '@mantine/core';
import { isNotEmpty, useForm } from '@mantine/form';
import type { User } from '@plinth/client';
import { listSessionsQueryKey } from '@plinth/client/query';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'react-router';
import { PASSWORD_HINT } from '../auth/password-hint';
import { FormAlert } from '../shared/form-alert';
import { tell } from '../shared/notify';
import { useSubmission } from '../shared/submission';
import { Section } from './section';
import { useUpdateMe } from './use-update-me';
import { Username } from './username';

/** Changes one's password. */
export function PasswordSection({ user }: { readonly user: User }) {
  const update = useUpdateMe();
  const queries = useQueryClient();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { current_password: '', password: '' },
    validate: {
      current_password: isNotEmpty('Enter your current password'),
      password: isNotEmpty('Choose a new password'),
    },
  });
  const { onSubmit, submitting, failure } = useSubmission(
    form,
    async (values) => {
      await update.mutateAsync({ body: values });
      form.reset();
      void queries.invalidateQueries({ queryKey: listSessionsQueryKey() });
      tell('Your password is changed. Your other devices have been signed out.');
    },
    { failed: 'Your password was not changed' },
  );
  return (
    <Section title="Password" description="A new one signs you out on all your other devices.">
      <form onSubmit={onSubmit} noValidate aria-label="Change password">
        <Username email={user.email} />
        <Stack>
          <FormAlert message={failure} />
          <PasswordInput
            label="Current password"
            autoComplete="current-password"
            key={form.key('current_password')}
            {...form.getInputProps('current_password')}
          />
          <PasswordInput
            label="New password"
            description={PASSWORD_HINT}
            autoComplete="new-password"
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Group justify="space-between">
            <Button type="submit" loading={submitting}>
              Change password
            </Button>
            <Anchor component={Link} to="/forgot-password" size="sm">
              Forgot your password?
            </Anchor>
          </Group>
        </Stack>
      </form>
    </Section>
  );
}
