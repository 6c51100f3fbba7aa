import { Badge, Text } from '@mantine/core';
import type { Role, User } from '@plinth/client';
import { IconCircleCheck, IconCircleOff, IconTrash } from '@tabler/icons-react';

/** The name of each role. */
export const ROLE_NAMES: Readonly<Record<Role, string>> = {
  viewer: 'Viewer',
  editor: 'Editor',
  admin: 'Admin',
};

const ROLE_COLORS: Readonly<Record<Role, string>> = { viewer: 'gray', editor: 'cyan', admin: 'plinth' };

/** What a user may do. */
export function RoleBadge({ role }: { readonly role: Role }) {
  return (
    <Badge variant="light" color={ROLE_COLORS[role]} tt="none" display="flex" w="fit-content">
      {ROLE_NAMES[role]}
    </Badge>
  );
}

const STATES = {
  active: { label: 'Active', color: 'green', icon: IconCircleCheck },
  deactivated: { label: 'Deactivated', color: 'orange', icon: IconCircleOff },
  deleted: { label: 'Deleted', color: 'red', icon: IconTrash },
} as const;

/** Whether a user can sign in. */
export function StateBadge({ user }: { readonly user: User }) {
  const { label, color, icon: Icon } = STATES[stateOf(user)];
  return (
    <Badge
      variant="default"
      tt="none"
      display="flex"
      w="fit-content"
      leftSection={<Icon size={13} color={`var(--mantine-color-${color}-6)`} aria-hidden />}
    >
      {label}
    </Badge>
  );
}

function stateOf({ deleted_at, is_active }: User): keyof typeof STATES {
  if (deleted_at !== null) return 'deleted';
  return is_active ? 'active' : 'deactivated';
}

/** Where an address is not known to be the user's. */
export function UnverifiedBadge({ user }: { readonly user: User }) {
  if (user.email_verified) return null;
  return (
    <Badge variant="light" color="gray" size="sm" tt="none">
      Unverified
    </Badge>
  );
}

/** What a user is called in a sentence. */
export function nameOf({ full_name, email }: Pick<User, 'full_name' | 'email'>): string {
  return full_name ?? email;
}

/** The name in a list; users without one are told apart by their address. */
export function FullName({ user }: { readonly user: User }) {
  if (user.full_name) return user.full_name;
  return (
    <Text span inherit c="dimmed">
      No name
    </Text>
  );
}
