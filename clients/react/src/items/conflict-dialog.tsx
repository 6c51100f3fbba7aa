import { Button, Group, Modal, Paper, ScrollArea, SimpleGrid, Stack, Text } from '@mantine/core';
import { type Difference, FIELDS } from './draft';

/** Shows how a change made here and one made elsewhere differ, and asks which is to be. */
export function ConflictDialog({
  found,
  onKeepMine,
  onTakeTheirs,
  onCancel,
}: {
  /** What differs; null closes it. */
  readonly found: ReadonlyArray<Difference> | null;
  readonly onKeepMine: () => void;
  readonly onTakeTheirs: () => void;
  readonly onCancel: () => void;
}) {
  return (
    <Modal
      opened={found !== null}
      onClose={onCancel}
      title="Changed in the meantime"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Go on editing' }}
      transitionProps={{ duration: 0 }}
    >
      <Stack>
        <Text size="sm">
          This item was changed elsewhere since you began to edit it. Which version is to stay?
        </Text>
        {found?.map((difference) => (
          <Compared key={difference.field} difference={difference} />
        ))}
        <Group justify="flex-end" gap="sm">
          <Button variant="subtle" color="gray" onClick={onCancel}>
            Go on editing
          </Button>
          <Button variant="default" onClick={onTakeTheirs}>
            Take theirs
          </Button>
          <Button onClick={onKeepMine} data-autofocus>
            Keep mine
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

function Compared({ difference: { field, mine, theirs, touched } }: { readonly difference: Difference }) {
  return (
    <section aria-label={FIELDS[field]}>
      <Text fw={600} size="sm" mb={4}>
        {FIELDS[field]}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <Side name={touched ? 'Yours' : 'Before'} value={mine} />
        <Side name="Theirs" value={theirs} />
      </SimpleGrid>
      {!touched && (
        <Text size="xs" c="dimmed" mt={4}>
          You did not change this: theirs stays in any case.
        </Text>
      )}
    </section>
  );
}

function Side({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <Paper withBorder p="xs">
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <ScrollArea.Autosize mah={180} viewportProps={{ tabIndex: 0 }}>
        <Text size="sm" style={{ whiteSpace: 'pre-wrap' }} fs={value === '' ? 'italic' : 'normal'}>
          {value === '' ? 'None' : value}
        </Text>
      </ScrollArea.Autosize>
    </Paper>
  );
}
