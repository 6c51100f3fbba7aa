import { Alert, Button, PasswordInput, Stack, Text } from '@mantine/core';
import { isNotEmpty, useForm } from '@mantine/form';
import { isProblem, resetPassword } from '@plinth/client';
import { usePlinth } from '@plinth/client/react';
import { IconAlertCircle, IconCircleCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { FormAlert } from '../shared/form-alert';
import { useSubmission } from '../shared/submission';
import { AuthCard } from './card';
import { discardMailedToken, mailedToken } from './mailed-token';
import { PASSWORD_HINT } from './password-hint';

type Stage = 'form' | 'done' | 'no_link' | 'bad_link';

/** Where the mail for a forgotten password leads to: takes a new one. */
export function ResetPasswordPage() {
  const [stage, setStage] = useState<Stage>(() => (mailedToken('/reset-password') ? 'form' : 'no_link'));
  return (
    <AuthCard title="Choose a new password">
      {stage === 'form' && <NewPassword onStage={setStage} />}
      {stage === 'done' && <Done />}
      {stage === 'no_link' && <BadLink>Open the link in the email again to choose a password.</BadLink>}
      {stage === 'bad_link' && (
        <BadLink>
          The link has been used, is older than 30 minutes, or a newer email has replaced it. Your password
          has not changed.
        </BadLink>
      )}
    </AuthCard>
  );
}

function NewPassword({ onStage }: { readonly onStage: (stage: Stage) => void }) {
  const { session } = usePlinth();
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { new_password: '' },
    validate: { new_password: isNotEmpty('Choose a password') },
  });
  const { onSubmit, submitting, failure } = useSubmission(form, async ({ new_password }) => {
    try {
      await resetPassword({ body: { token: mailedToken('/reset-password') ?? '', new_password } });
    } catch (error) {
      if (!isProblem(error, 'invalid_token')) throw error;
      discardMailedToken();
      onStage('bad_link');
      return;
    }
    discardMailedToken();
    // Whoever is signed in here: if it is this account, its session has ended with all the others.
    session.forget();
    onStage('done');
  });
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack>
        <FormAlert message={failure} />
        <PasswordInput
          label="New password"
          description={PASSWORD_HINT}
          autoComplete="new-password"
          autoFocus
          key={form.key('new_password')}
          {...form.getInputProps('new_password')}
        />
        <Text size="sm" c="dimmed">
          You will be signed out on all devices.
        </Text>
        <Button type="submit" loading={submitting}>
          Save the new password
        </Button>
      </Stack>
    </form>
  );
}

/** The button that was pressed is gone: what comes next has the focus. A link has no `autoFocus` of its own. */
function focus(link: HTMLAnchorElement | null) {
  link?.focus();
}

function Done() {
  return (
    <>
      <Alert
        color="green"
        icon={<IconCircleCheck aria-hidden />}
        title="Your password is changed"
        role="status"
      >
        All devices have been signed out. Sign in with the new password.
      </Alert>
      <Button component={Link} to="/login" ref={focus}>
        Sign in
      </Button>
    </>
  );
}

function BadLink({ children }: { readonly children: string }) {
  return (
    <>
      <Alert
        color="yellow"
        icon={<IconAlertCircle aria-hidden />}
        title="This link does not work"
        role="alert"
      >
        {children}
      </Alert>
      <Button component={Link} to="/forgot-password" ref={focus}>
        Send a new link
      </Button>
    </>
  );
}
