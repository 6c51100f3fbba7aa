import { ActionIcon, Group, Loader, Stack, Text, Title, VisuallyHidden } from '@mantine/core';
import type { Item } from '@plinth/client';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import type { Ref } from 'react';
import { Time } from '../shared/time';
import { Description } from './description';
import { formatPrice } from './format';
import { OwnerName } from './owner-name';

/** What can be done with an item. */
export interface ItemActions {
  readonly onEdit: () => void;
  readonly onDelete: () => void;
  readonly editRef: Ref<HTMLButtonElement>;
}

/** An item to read. */
export function ItemCard({
  item,
  ofOther,
  actions,
}: {
  readonly item: Item;
  /** It is somebody else's, and the owner is to be named. */
  readonly ofOther: boolean;
  /** None by whoever may only see it; `saving` while a change is on its way. */
  readonly actions?: ItemActions | 'saving';
}) {
  return (
    <Stack gap={4}>
      <Group justify="space-between" align="flex-start" gap="md" wrap="nowrap">
        <Group justify="space-between" align="baseline" gap="xs" flex={1} miw={0} mih={34} pt={4}>
          <Title order={2} size="md" fw={600} dir="auto">
            {item.title}
          </Title>
          <Price price={item.price} />
        </Group>
        {actions === 'saving' && <Saving />}
        {typeof actions === 'object' && <Actions title={item.title} actions={actions} />}
      </Group>
      {item.description && <Description of={item.title} text={item.description} />}
      <Text size="xs" c="dimmed">
        Changed <Time value={item.updated_at} />
        {ofOther && (
          <>
            {' · '}
            <OwnerName id={item.owner_id} />
          </>
        )}
      </Text>
    </Stack>
  );
}

function Actions({ title, actions }: { readonly title: string; readonly actions: ItemActions }) {
  return (
    <Group gap={4} wrap="nowrap">
      <ActionIcon
        ref={actions.editRef}
        variant="subtle"
        size="lg"
        aria-label={`Edit ${title}`}
        onClick={actions.onEdit}
      >
        <IconPencil size={18} stroke={1.6} aria-hidden />
      </ActionIcon>
      <ActionIcon
        variant="subtle"
        color="red"
        size="lg"
        aria-label={`Delete ${title}`}
        onClick={actions.onDelete}
      >
        <IconTrash size={18} stroke={1.6} aria-hidden />
      </ActionIcon>
    </Group>
  );
}

function Saving() {
  return (
    <Group gap="xs" role="status" wrap="nowrap" h={34}>
      <Loader size={16} aria-hidden />
      <Text size="sm">Saving</Text>
    </Group>
  );
}

function Price({ price }: { readonly price: number | null }) {
  if (price === null) {
    return (
      <Text size="sm" c="dimmed">
        No price
      </Text>
    );
  }
  return (
    <Text fw={600} style={{ fontVariantNumeric: 'tabular-nums' }}>
      <VisuallyHidden>Price </VisuallyHidden>
      {formatPrice(price)}
    </Text>
  );
}
