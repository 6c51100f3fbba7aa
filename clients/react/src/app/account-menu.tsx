import { Avatar, LoadingOverlay, Menu, Portal, Text, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { useAuth } from '@plinth/client/react';
import { IconDevices, IconLogout, IconUserCircle } from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { tellError } from '../shared/notify';
import { useLeave } from '../shared/unsaved';

/** Who is signed in, and the way out. */
export function AccountMenu() {
  const { user, logout } = useAuth();
  const navigate = useNavigate();
  const leave = useLeave();
  const [leaving, setLeaving] = useState(false);
  if (!user) return null;
  const signOut = async () => {
    setLeaving(true);
    try {
      await logout();
      // Whoever signs in next begins at the beginning.
      await navigate('/login', { replace: true });
    } finally {
      setLeaving(false);
    }
  };
  const name = user.full_name ?? user.email;
  return (
    <Menu position="bottom-end" width={220} withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <UnstyledButton>
          {/* Not instead of the initials: whoever speaks to the browser says what is to be seen (WCAG 2.5.3). */}
          <VisuallyHidden>Account of {name}</VisuallyHidden>
          <Avatar name={name} color="plinth" variant="filled" size={34} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="sm" truncate>
            {user.email}
          </Text>
        </Menu.Label>
        <Menu.Item component={Link} to="/profile" leftSection={<IconUserCircle size={16} />}>
          Profile
        </Menu.Item>
        <Menu.Item component={Link} to="/sessions" leftSection={<IconDevices size={16} />}>
          Sessions
        </Menu.Item>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconLogout size={16} />}
          onClick={() => leave(() => void signOut().catch(tellError))}
        >
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
      {/* Over everything: what is on the page is not to be used any more. */}
      <Portal>
        <LoadingOverlay
          visible={leaving}
          pos="fixed"
          zIndex={1000}
          loaderProps={{ 'aria-label': 'Signing out' }}
        />
      </Portal>
    </Menu>
  );
}
