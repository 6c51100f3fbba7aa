import { Alert, Text } from '@mantine/core';
import { useSessionStorage } from '@mantine/hooks';
import { useAuth } from '@plinth/client/react';
import { IconMailExclamation } from '@tabler/icons-react';
import { ResendButton } from './resend-button';

/**
 * Asks to verify the address, as long as it is not. Can be put away until the browser is closed; another address asks
 * anew.
 */
export function UnverifiedBanner() {
  const { user } = useAuth();
  const [dismissed, setDismissed] = useSessionStorage({
    key: 'plinth.unverified-dismissed',
    defaultValue: '',
  });
  if (!user || user.email_verified || user.pending_email || dismissed === user.email) return null;
  return (
    <Alert
      color="yellow"
      icon={<IconMailExclamation aria-hidden />}
      title="Verify your email"
      withCloseButton
      closeButtonLabel="Put the reminder away"
      onClose={() => setDismissed(user.email)}
    >
      <Text size="sm" mb="sm">
        Open the link in the mail that went to {user.email}, so that you can get back into your account if you
        forget your password.
      </Text>
      <ResendButton user={user} variant="default">
        Send the mail again
      </ResendButton>
    </Alert>
  );
}
