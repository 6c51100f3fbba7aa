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
      role="status"
      mb="md"
      withCloseButton
      closeButtonLabel="Dismiss"
      onClose={() => setDismissed(user.email)}
    >
      <Text size="sm" mb="sm">
        Open the link in the email we send to {user.email}, to confirm that the address is yours.
      </Text>
      <ResendButton user={user} variant="default">
        Send a link
      </ResendButton>
    </Alert>
  );
}
