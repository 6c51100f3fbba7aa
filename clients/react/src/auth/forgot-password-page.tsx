import { Alert, Anchor, Button, Stack, Text, TextInput } from '@mantine/core';
import { isNotEmpty, useForm } from '@mantine/form';
import { forgotPassword } from '@plinth/client';
import { useAuth } from '@plinth/client/react';
import { IconMail } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { FormAlert } from '../shared/form-alert';
import { useSubmission } from '../shared/submission';
import { AuthCard } from './card';

/** Asks for a mail with a link to a new password. */
export function ForgotPasswordPage() {
  const { status } = useAuth();
  const [sentTo, setSentTo] = useState<string | null>(null);
  return (
    <AuthCard
      title="Forgot your password?"
      footer={
        <Anchor component={Link} to={status === 'signed_in' ? '/profile' : '/login'}>
          {status === 'signed_in' ? 'Back to your profile' : 'Back to sign in'}
        </Anchor>
      }
    >
      {sentTo === null ? (
        <AskForm onSent={setSentTo} />
      ) : (
        <>
          {/* The same whether there is an account: nobody is to find out who has one. */}
          <Alert color="green" icon={<IconMail aria-hidden />} title="Check your inbox" role="status">
            If there is an account for {sentTo}, we sent an email with a link to choose a new password. The
            link works for 30 minutes.
          </Alert>
          <Text size="sm" c="dimmed">
            Nothing there? Check your spam folder, or{' '}
            <Anchor
              component="button"
              type="button"
              size="sm"
              underline="always"
              // The button that was pressed is gone.
              autoFocus
              onClick={() => setSentTo(null)}
            >
              try again
            </Anchor>
            .
          </Text>
        </>
      )}
    </AuthCard>
  );
}

function AskForm({ onSent }: { readonly onSent: (email: string) => void }) {
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { email: '' },
    validate: { email: isNotEmpty('Enter your email') },
  });
  const { onSubmit, submitting, failure } = useSubmission(form, async ({ email }) => {
    await forgotPassword({ body: { email } });
    onSent(email.trim());
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <Text size="sm" c="dimmed">
          Enter the address of your account, and we send you a link to choose a new password.
        </Text>
        <FormAlert message={failure} />
        <TextInput
          label="Email"
          type="email"
          autoComplete="username"
          autoFocus
          key={form.key('email')}
          {...form.getInputProps('email')}
        />
        <Button type="submit" loading={submitting}>
          Send the link
        </Button>
      </Stack>
    </form>
  );
}
