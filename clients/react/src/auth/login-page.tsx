import { Alert, Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { isNotEmpty, useForm } from '@mantine/form';
import { useAuth } from '@plinth/client/react';
import { Link, useLocation } from 'react-router';
import { FormAlert } from '../shared/form-alert';
import { useSubmission } from '../shared/submission';
import { howTheyCame } from './came-from';
import { AuthCard } from './card';

/** Signs in. The guard of the route then leads to where somebody was going. */
export function LoginPage() {
  const { login } = useAuth();
  const { state } = useLocation();
  const { ended } = howTheyCame(state);
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '', password: '' },
    validate: { email: isNotEmpty('Enter your email'), password: isNotEmpty('Enter your password') },
  });
  const { onSubmit, submitting, failure } = useSubmission(form, login);
  return (
    <AuthCard
      title="Sign in"
      footer={
        <>
          <Text c="dimmed">New here?</Text>
          <Anchor component={Link} to="/register" state={state}>
            Create an account
          </Anchor>
        </>
      }
    >
      <form onSubmit={onSubmit} noValidate>
        <Stack>
          {ended && !failure && (
            <Alert color="blue" role="status">
              You were signed out. Sign in again to go on where you were.
            </Alert>
          )}
          <FormAlert message={failure} />
          <TextInput
            label="Email"
            type="email"
            autoComplete="username"
            autoFocus
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label="Password"
            autoComplete="current-password"
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Anchor component={Link} to="/forgot-password" size="sm" style={{ alignSelf: 'flex-start' }}>
            Forgot your password?
          </Anchor>
          <Button type="submit" loading={submitting}>
            Sign in
          </Button>
        </Stack>
      </form>
    </AuthCard>
  );
}
