import { ActionIcon, Menu } from '@mantine/core';
import type { User } from '@plinth/client';
import { useAuth } from '@plinth/client/react';
import {
  IconArrowBackUp,
  IconDots,
  IconId,
  IconPencil,
  IconShield,
  IconToggleLeft,
  IconToggleRight,
  IconTrash,
  IconUserCircle,
} from '@tabler/icons-react';
import { useRef } from 'react';
import { Link } from 'react-router';
import { nameOf } from './user-badges';
import { useRestoreUser, useSwitchUser } from './user-changes';

/** What is asked about before it is done. */
export type UserDialog = 'edit' | 'role' | 'deactivate' | 'delete';

/** Opens a dialog about a user. */
export type AskAbout = (dialog: UserDialog, user: User) => void;

interface UserMenuProps {
  readonly user: User;
  readonly onAsk: AskAbout;
  /** Opens the details; without it they are open already. */
  readonly onOpen?: (user: User) => void;
}

/** What can be done with a user. */
export function UserMenu({ user, onAsk, onOpen }: UserMenuProps) {
  const restore = useRestoreUser();
  const button = useRef<HTMLButtonElement>(null);
  const ask: AskAbout = (...about) => {
    // The dialog gives the focus back to what has it now; the item will be gone by then.
    button.current?.focus();
    onAsk(...about);
  };
  const isSelf = useAuth().user?.id === user.id;
  const name = nameOf(user);
  return (
    <Menu position="bottom-end" width={220} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="lg" ref={button} aria-label={`Actions for ${name}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {onOpen && (
          <Menu.Item
            leftSection={<IconId size={16} />}
            onClick={() => {
              button.current?.focus();
              onOpen(user);
            }}
          >
            Details and history
          </Menu.Item>
        )}
        {user.deleted_at !== null ? (
          <Menu.Item
            leftSection={<IconArrowBackUp size={16} />}
            onClick={() => restore.mutate({ path: { id: user.id } })}
          >
            Restore
          </Menu.Item>
        ) : isSelf ? (
          <OwnItems />
        ) : (
          <ChangeItems user={user} onAsk={ask} />
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Nobody locks themselves out here: what would is left to another administrator. */
function OwnItems() {
  return (
    <>
      <Menu.Item component={Link} to="/profile" leftSection={<IconUserCircle size={16} />}>
        Edit your profile
      </Menu.Item>
      <Menu.Divider />
      <Menu.Label>
        This is you. Only another administrator can change your role or your state here.
      </Menu.Label>
      <Menu.Item disabled leftSection={<IconShield size={16} />}>
        Change role
      </Menu.Item>
      <Menu.Item disabled leftSection={<IconToggleLeft size={16} />}>
        Deactivate
      </Menu.Item>
      <Menu.Item disabled leftSection={<IconTrash size={16} />}>
        Delete
      </Menu.Item>
    </>
  );
}

function ChangeItems({ user, onAsk }: { readonly user: User; readonly onAsk: AskAbout }) {
  const activate = useSwitchUser();
  return (
    <>
      <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => onAsk('edit', user)}>
        Edit
      </Menu.Item>
      <Menu.Item leftSection={<IconShield size={16} />} onClick={() => onAsk('role', user)}>
        Change role
      </Menu.Item>
      {user.is_active ? (
        <Menu.Item leftSection={<IconToggleLeft size={16} />} onClick={() => onAsk('deactivate', user)}>
          Deactivate
        </Menu.Item>
      ) : (
        <Menu.Item
          leftSection={<IconToggleRight size={16} />}
          onClick={() => activate.mutate({ id: user.id, active: true })}
        >
          Activate
        </Menu.Item>
      )}
      <Menu.Divider />
      <Menu.Item
        c="var(--mantine-color-error)"
        leftSection={<IconTrash size={16} />}
        onClick={() => onAsk('delete', user)}
      >
        Delete
      </Menu.Item>
    </>
  );
}
