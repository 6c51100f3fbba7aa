import { Alert, Button, Group, Radio, Stack } from '@mantine/core';
import type { Role, User } from '@plinth/client';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { explain } from '../shared/errors';
import { FormAlert } from '../shared/form-alert';
import { tellOf } from '../shared/notify';
import { useAction } from '../shared/use-action';
import { nameOf, ROLE_NAMES } from './user-badges';
import { useUpdateUser } from './user-changes';
import { ROLES } from './users-view';

const MEANINGS: Readonly<Record<Role, string>> = {
  viewer: 'Sees and changes their own items only',
  editor: 'Sees everybody’s items and users, changes names of viewers',
  admin: 'May do everything, also to other administrators',
};

interface ChangeRoleProps {
  readonly user: User;
  readonly onClose: () => void;
}

/** Gives somebody else another role, after a look at what that means. */
export function ChangeRole({ user, onClose }: ChangeRoleProps) {
  const update = useUpdateUser();
  const [role, setRole] = useState<Role>(user.role);
  const { mutate, isPending, error } = useAction(async () => {
    await update.mutateAsync({ path: { id: user.id }, body: { role } });
    tellOf(nameOf(user), `is now ${role === 'viewer' ? 'a' : 'an'} ${ROLE_NAMES[role].toLowerCase()}.`);
  }, 'The role was not changed');
  const save = () => mutate(undefined, { onSuccess: onClose });
  return (
    <Stack>
      <FormAlert message={error && explain(error)} />
      <Radio.Group
        aria-label="Role"
        value={role}
        onChange={(value) => setRole(ROLES.find((known) => known === value) ?? user.role)}
      >
        <Stack gap="sm">
          {ROLES.map((known) => (
            <Radio
              key={known}
              value={known}
              label={known === user.role ? `${ROLE_NAMES[known]} (now)` : ROLE_NAMES[known]}
              description={MEANINGS[known]}
            />
          ))}
        </Stack>
      </Radio.Group>
      <Consequence user={user} role={role} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button disabled={role === user.role} loading={isPending} onClick={save}>
          {role === user.role ? 'Change role' : `Make ${ROLE_NAMES[role].toLowerCase()}`}
        </Button>
      </Group>
    </Stack>
  );
}

/** What is easily underrated. */
function Consequence({ user, role }: { readonly user: User; readonly role: Role }) {
  if (role === user.role || (role !== 'admin' && user.role !== 'admin')) return null;
  return (
    <Alert color="orange" icon={<IconAlertTriangle aria-hidden />} role="status">
      {role === 'admin'
        ? `${nameOf(user)} will be able to change and delete every account, yours too.`
        : `${nameOf(user)} will no longer be able to administer anything, from now on.`}
    </Alert>
  );
}
