import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { User } from '@plinth/client';
import { DeleteDialog } from './delete-dialog';
import { Section } from './section';

/** The way to delete one's account. */
export function DeleteSection({ user }: { readonly user: User }) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <Section title="Danger zone" description="What you cannot undo yourself.">
      <Group>
        <Button color="red" variant="outline" onClick={open}>
          Delete your account
        </Button>
      </Group>
      <DeleteDialog user={user} opened={opened} onClose={close} />
    </Section>
  );
}
