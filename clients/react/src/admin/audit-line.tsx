import { Anchor, Box, Button, Collapse, DataList, Group, Stack, Text, ThemeIcon } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { type AuditEntry, isProblem } from '@plinth/client';
import { getUserOptions } from '@plinth/client/query';
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { Link } from 'react-router';
import { Time } from '../shared/time';
import { deviceOf } from '../shared/user-agent';
import { iconOf } from './audit-icons';
import { asWords, happened } from './audit-words';
import { nameOf } from './user-badges';
import { detailsOf } from './users-view';

interface AuditLineProps {
  readonly entry: AuditEntry;
  /** Whose account all entries are about, where that is so: then it need not be said. */
  readonly about?: string | undefined;
}

/** One entry: what happened, who did it to whom, when and from where. */
export function AuditLine({ entry, about }: AuditLineProps) {
  const [opened, { toggle }] = useDisclosure();
  const id = useId();
  const { icon: Icon, color } = iconOf(entry.event);
  const what = happened(entry);
  return (
    <Box
      component="li"
      py="sm"
      tabIndex={-1}
      style={{ borderBottom: '1px solid var(--mantine-color-default-border)' }}
    >
      <Group wrap="nowrap" align="flex-start" gap="sm">
        <ThemeIcon variant="light" color={color} radius="xl" size={34}>
          <Icon size={18} stroke={1.6} aria-hidden />
        </ThemeIcon>
        <Stack gap={2} flex={1} miw={0}>
          <Group justify="space-between" gap={4}>
            <Text fw={500} size="sm">
              {what}
            </Text>
            <Text size="sm" c="dimmed">
              <Time value={entry.created_at} />
            </Text>
          </Group>
          <Group justify="space-between" gap={4} wrap="nowrap" align="flex-end">
            <Text size="sm" c="dimmed">
              <Who entry={entry} about={about} />
              <br />
              {[entry.ip, entry.user_agent && deviceOf(entry.user_agent).name].filter(Boolean).join(' · ')}
            </Text>
            <Button
              variant="subtle"
              color="gray"
              size="compact-sm"
              fw={500}
              miw="max-content"
              aria-expanded={opened}
              aria-controls={id}
              aria-label={`Details of: ${what}`}
              rightSection={opened ? <IconChevronUp size={14} /> : <IconChevronDown size={14} />}
              onClick={toggle}
            >
              Details
            </Button>
          </Group>
          <Collapse expanded={opened} id={id}>
            <More entry={entry} />
          </Collapse>
        </Stack>
      </Group>
    </Box>
  );
}

function Who({ entry: { actor_id, user_id, ip }, about }: AuditLineProps) {
  // Without an address it was no request: a command on the server's own machine.
  const nobody = ip === null ? 'whoever runs the server' : 'unknown';
  const actor = actor_id === null ? nobody : <Person id={actor_id} />;
  if (user_id !== null && (user_id === actor_id || user_id === about)) return <>By {actor}</>;
  return (
    <>
      By {actor}, {user_id === null ? 'to no known account' : 'account: '}
      {user_id !== null && <Person id={user_id} />}
    </>
  );
}

/** Somebody's name, which leads to their details. Entries of the same person share one query. */
function Person({ id }: { readonly id: string }) {
  const { data: user, error } = useQuery(getUserOptions({ path: { id } }));
  // The log outlives the accounts.
  if (isProblem(error, 'not_found')) return 'a deleted account';
  if (!user) return 'a user';
  return (
    <Anchor component={Link} to={detailsOf(id)} inherit underline="always">
      {nameOf(user)}
    </Anchor>
  );
}

/** Everything else that is known. */
function More({ entry }: { readonly entry: AuditEntry }) {
  const facts = [
    ...Object.entries(entry.details).map(([name, value]) => [asWords(name), value] as const),
    ['device', entry.user_agent] as const,
    ['request', entry.request_id] as const,
  ];
  return (
    <DataList
      size="xs"
      gap={4}
      labelWidth={90}
      mt={4}
      p="xs"
      bg="var(--mantine-color-default-hover)"
      bdrs="sm"
    >
      {facts.map(
        ([name, value]) =>
          value && (
            <DataList.Item key={name}>
              <DataList.ItemLabel tt="capitalize">{name}</DataList.ItemLabel>
              <DataList.ItemValue>{value}</DataList.ItemValue>
            </DataList.Item>
          ),
      )}
    </DataList>
  );
}
