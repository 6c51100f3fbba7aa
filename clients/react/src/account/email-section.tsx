import { Alert, Badge, Button, Group, Stack, Text } from '@mantine/core';
import type { User } from '@plinth/client';
import { useMutation } from '@tanstack/react-query';
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
                Send the mail again
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
  const update = useUpdateMe();
  const { mutate, isPending } = useMutation({
    // To send the present address is to take the new one back.
    mutationFn: () => update({ email: user.email }),
    onSuccess: () => tell(`You keep ${user.email}.`),
    onError: tellError,
  });
  return (
    <Alert color="blue" title={`Waiting for proof of ${pending}`} role="status">
      <Stack gap="sm">
        <Text size="sm">
          Open the link in the mail that went there. Until then you sign in with {user.email} as before.
        </Text>
        <Group gap="xs">
          <ResendButton user={user} variant="default">
            Send the mail again
          </ResendButton>
          <Button size="xs" variant="subtle" loading={isPending} onClick={() => mutate()}>
            Take it back
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
