import { Alert, Badge, Button, Group, Stack, Text } from '@mantine/core';
import type { User } from '@plinth/client';
import { tell, tellError } from '../shared/notify';
import { EmailForm } from './email-form';
import { ResendButton } from './resend-button';
import { Section } from './section';
import { useUpdateMe } from './use-update-me';

/** Which address one signs in with, whether it is verified, and a change of it. */
export function EmailSection({ user }: { readonly user: User }) {
  return (
    <Section title="Email" description="The address that you sign in with, and that we write to.">
      <Group gap="xs">
        <Text fw={600}>{user.email}</Text>
        {user.email_verified ? (
          <Badge variant="light" color="green">
            Verified
          </Badge>
        ) : (
          <>
            <Badge variant="light" color="yellow">
              Not verified
            </Badge>
            {!user.pending_email && (
              <ResendButton user={user} size="compact-xs">
                Send a link
              </ResendButton>
            )}
          </>
        )}
      </Group>
      {user.pending_email && <Pending user={user} pending={user.pending_email} />}
      <EmailForm user={user} />
    </Section>
  );
}

/** A new address that is to be proven before it takes the place of the present one. */
function Pending({ user, pending }: { readonly user: User; readonly pending: string }) {
  const { mutate, isPending } = useUpdateMe();
  const cancel = () =>
    // To send the present address is to take the new one back.
    mutate(
      { body: { email: user.email } },
      { onSuccess: () => tell(`You keep ${user.email}.`), onError: (error) => tellError(error) },
    );
  return (
    <Alert color="blue" title={`Confirm ${pending} to finish the change`} role="status">
      <Stack gap="sm">
        <Text size="sm">
          Open the link in the email we sent there. Until then you sign in with {user.email} as before.
        </Text>
        <Group gap="xs">
          <ResendButton user={user} variant="default">
            Send the link again
          </ResendButton>
          <Button size="xs" variant="subtle" loading={isPending} onClick={cancel}>
            Cancel this change
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
