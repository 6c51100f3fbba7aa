import { Badge, Button, Group, Paper, Stack, Text, ThemeIcon } from '@mantine/core';
import type { Session } from '@plinth/client';
import { IconDeviceDesktop, IconDeviceMobile, IconDevices } from '@tabler/icons-react';
import { formatTime, Time } from '../shared/time';
import { deviceOf } from '../shared/user-agent';

const ICONS = { desktop: IconDeviceDesktop, mobile: IconDeviceMobile, unknown: IconDevices };

interface SessionRowProps {
  readonly session: Session;
  readonly onEnd: () => void;
}

/** A device that is signed in. */
export function SessionRow({ session, onEnd }: SessionRowProps) {
  const device = deviceOf(session.user_agent);
  const DeviceIcon = ICONS[device.kind];
  return (
    <Paper component="li" withBorder p="md">
      <Group justify="space-between" align="center" gap="sm">
        <Group wrap="nowrap" align="flex-start" flex="1 1 16rem" miw={0}>
          <ThemeIcon variant="light" size={40} radius="md" color={session.current ? undefined : 'gray'}>
            <DeviceIcon size={22} stroke={1.5} aria-hidden />
          </ThemeIcon>
          <Stack gap={2} miw={0}>
            <Group gap="xs">
              <Text fw={600} title={session.user_agent ?? undefined} lineClamp={2}>
                {device.name}
              </Text>
              {session.current && <Badge variant="light">This device</Badge>}
            </Group>
            <Text size="sm" c="dimmed">
              {session.ip ?? 'Unknown address'} · last used <Time value={session.last_used_at} />
            </Text>
            <Text size="sm" c="dimmed">
              Signed in <Time value={session.created_at} />
            </Text>
          </Stack>
        </Group>
        {!session.current && (
          <Button
            variant="default"
            size="xs"
            onClick={onEnd}
            aria-label={`Sign out ${device.name}, signed in ${formatTime(session.created_at)}`}
          >
            Sign out
          </Button>
        )}
      </Group>
    </Paper>
  );
}
