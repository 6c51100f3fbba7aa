import { Stack } from '@mantine/core';
import { useAuth } from '@plinth/client/react';
import { PageHeader } from '../shared/page-header';
import { DeleteSection } from './delete-section';
import { EmailSection } from './email-section';
import { NameSection } from './name-section';
import { PasswordSection } from './password-section';

/** One's own account. */
export function ProfilePage() {
  const { user } = useAuth();
  if (!user) return null;
  return (
    <>
      <PageHeader title="Profile" description="Who you are, and how you sign in" />
      <Stack>
        <NameSection user={user} />
        <EmailSection user={user} />
        <PasswordSection user={user} />
        <DeleteSection user={user} />
      </Stack>
    </>
  );
}
