import { Anchor, Button, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { isNotEmpty, useForm } from '@mantine/form';
import { isProblem } from '@plinth/client';
import { useAuth } from '@plinth/client/react';
import { Link, useLocation } from 'react-router';
import { FormAlert } from '../shared/form-alert';
import { tell } from '../shared/notify';
import { useSubmission } from '../shared/submission';
import { AuthCard } from './card';
import { PASSWORD_HINT } from './password-hint';

/** Makes an account and signs in with it. */
export function RegisterPage() {
  const { register } = useAuth();
  const { state } = useLocation();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { full_name: '', email: '', password: '' },
    validate: { email: isNotEmpty('Enter your email'), password: isNotEmpty('Choose a password') },
  });
  const { onSubmit, submitting, failure } = useSubmission(form, async ({ full_name, email, password }) => {
    try {
      await register({ full_name: full_name.trim() || null, email, password });
    } catch (error) {
      if (!isProblem(error, 'email_taken')) throw error;
      form.setFieldError('email', <EmailTaken state={state} />);
      form.getInputNode('email')?.focus();
      return;
    }
    tell(`Welcome! We sent an email to ${email.trim()}. Open the link in it to verify your address.`);
  });
  return (
    <AuthCard
      title="Create an account"
      footer={
        <>
          <Text c="dimmed">Already have an account?</Text>
          <Anchor component={Link} to="/login" state={state}>
            Sign in
          </Anchor>
        </>
      }
    >
      <form onSubmit={onSubmit} noValidate>
        <Stack>
          <FormAlert message={failure} />
          <TextInput
            label="Full name"
            description="Optional"
            autoComplete="name"
            autoFocus
            key={form.key('full_name')}
            {...form.getInputProps('full_name')}
          />
          <TextInput
            label="Email"
            type="email"
            autoComplete="username"
            key={form.key('email')}
            {...form.getInputProps('email')}
          />
          <PasswordInput
            label="Password"
            description={PASSWORD_HINT}
            autoComplete="new-password"
            key={form.key('password')}
            {...form.getInputProps('password')}
          />
          <Button type="submit" loading={submitting}>
            Create account
          </Button>
        </Stack>
      </form>
    </AuthCard>
  );
}

function EmailTaken({ state }: { readonly state: unknown }) {
  return (
    <>
      There is an account with this address.{' '}
      <Anchor component={Link} to="/login" state={state} size="xs" underline="always">
        Sign in instead
      </Anchor>
    </>
  );
}
