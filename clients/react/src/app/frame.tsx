import { AppShell, Burger, Container, Group, NavLink, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useAuth } from '@plinth/client/react';
import { IconBox, IconDevices, IconHistory, IconUserCircle, IconUsers } from '@tabler/icons-react';
import { useRef } from 'react';
import { Link, Outlet, useLocation } from 'react-router';
import { Logo } from '../shared/logo';
import { AccountMenu } from './account-menu';
import { ColorSchemeToggle } from './color-scheme-toggle';
import { LiveBadge } from './live-badge';
import { useNextPages } from './use-next-pages';

const PAGES = [
  { to: '/', label: 'Items', icon: IconBox },
  { to: '/profile', label: 'Profile', icon: IconUserCircle },
  { to: '/sessions', label: 'Sessions', icon: IconDevices },
];

const ADMIN_PAGES = [
  { to: '/admin/users', label: 'Users', icon: IconUsers },
  { to: '/admin/audit', label: 'Audit log', icon: IconHistory },
];

/** What stands around every page of somebody who is signed in. Keeps the page live. */
export function Frame() {
  const [opened, { toggle, close }] = useDisclosure();
  const content = useRef<HTMLElement>(null);
  const burger = useRef<HTMLButtonElement>(null);
  const { user } = useAuth();
  useNextPages(user?.role === 'admin');
  return (
    <AppShell
      header={{ height: 60 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { mobile: !opened } }}
      padding="md"
      onKeyDown={({ key }) => {
        if (key !== 'Escape' || !opened) return;
        close();
        burger.current?.focus();
      }}
    >
      <button type="button" className="skip-link" onClick={() => content.current?.focus()}>
        Skip to the content
      </button>
      <AppShell.Header>
        <Group h="100%" px={{ base: 'xs', xs: 'md' }} gap="xs" justify="space-between" wrap="nowrap">
          <Group gap="xs" wrap="nowrap">
            <Burger
              ref={burger}
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label="Navigation"
              aria-expanded={opened}
              aria-controls="pages"
            />
            <Logo />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <LiveBadge />
            <ColorSchemeToggle />
            <AccountMenu />
          </Group>
        </Group>
      </AppShell.Header>
      {/* While it is closed, which it can be on a phone, nobody is to get into it with Tab. */}
      <AppShell.Navbar id="pages" p="sm" aria-label="Pages" {...(!opened && { visibleFrom: 'sm' })}>
        <Pages pages={PAGES} onGo={close} />
        {user?.role === 'admin' && (
          <>
            <Text size="xs" c="dimmed" fw={600} mt="md" mb={4} px="sm">
              Administration
            </Text>
            <Pages pages={ADMIN_PAGES} onGo={close} />
          </>
        )}
      </AppShell.Navbar>
      <AppShell.Main ref={content} tabIndex={-1} style={{ outline: 'none' }}>
        <Container size="lg" px={0}>
          <Outlet />
        </Container>
      </AppShell.Main>
    </AppShell>
  );
}

function Pages({ pages, onGo }: { readonly pages: typeof PAGES; readonly onGo: () => void }) {
  const { pathname } = useLocation();
  return pages.map(({ to, label, icon: Icon }) => (
    <NavLink
      key={to}
      component={Link}
      to={to}
      label={label}
      active={pathname === to}
      aria-current={pathname === to ? 'page' : undefined}
      leftSection={<Icon size={18} stroke={1.6} aria-hidden />}
      onClick={onGo}
    />
  ));
}
