import { Alert, Button, Group, Loader, Text } from '@mantine/core';
import { isProblem } from '@plinth/client';
import { useAuth } from '@plinth/client/react';
import { IconAlertCircle, IconCircleCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { ResendButton } from '../account/resend-button';
import { ErrorState } from '../shared/states';
import { AuthCard } from './card';
import { useVerification } from './use-verification';

/** Where the mail to a new address leads to: verifies it, without another click. */
export function VerifyEmailPage() {
  const verification = useVerification();
  return (
    <AuthCard title="Verify your email">
      <div aria-live="polite">
        <Outcome verification={verification} />
      </div>
      {verification.state !== 'pending' && <Onward />}
    </AuthCard>
  );
}

function Outcome({ verification }: { readonly verification: ReturnType<typeof useVerification> }) {
  if (verification.state === 'pending') {
    return (
      <Group gap="sm">
        <Loader size="sm" aria-hidden />
        <Text>Verifying your address…</Text>
      </Group>
    );
  }
  if (verification.state === 'done') {
    return (
      <Alert color="green" icon={<IconCircleCheck aria-hidden />} title="Your address is verified">
        Thank you. It is the address that you sign in with.
      </Alert>
    );
  }
  if (verification.state === 'no_link') {
    return <BadLink>Open this page with the link in the email.</BadLink>;
  }
  if (isProblem(verification.error, 'invalid_token')) {
    return (
      <BadLink>The link has been used, is older than 24 hours, or a newer email has replaced it.</BadLink>
    );
  }
  if (isProblem(verification.error, 'email_taken')) {
    return (
      <Warning title="This address is taken">
        Another account has it by now. Your account keeps the address that it had.
      </Warning>
    );
  }
  return <ErrorState error={verification.error} retry={verification.retry} />;
}

/** What to do about a link that is no good depends on whether there is still something to verify. */
function BadLink({ children }: { readonly children: string }) {
  const { status, user } = useAuth();
  if (status === 'loading') return <Loader size="sm" aria-label="Loading" />;
  if (user?.email_verified && !user.pending_email) {
    return (
      <Alert color="blue" icon={<IconCircleCheck aria-hidden />} title="Nothing left to do">
        Your address {user.email} is verified.
      </Alert>
    );
  }
  return (
    <Warning title="This link does not work">
      <Text size="sm" mb={user ? 'sm' : 0}>
        {children} {!user && 'If your address is not verified yet, sign in and ask for a new link.'}
      </Text>
      {user && <ResendButton user={user}>Send a new link</ResendButton>}
    </Warning>
  );
}

function Warning({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Alert color="yellow" icon={<IconAlertCircle aria-hidden />} title={title}>
      {children}
    </Alert>
  );
}

function Onward() {
  const { user } = useAuth();
  return user ? (
    <Button component={Link} to="/">
      Go to your items
    </Button>
  ) : (
    <Button component={Link} to="/login" state={{ from: '/profile' }}>
      Sign in
    </Button>
  );
}
