import { Button, Flex, Modal, Paper, ScrollArea, SimpleGrid, Stack, Text } from '@mantine/core';
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
  const choice = found?.some(({ touched }) => touched) ?? false;
  return (
    <Modal
      opened={found !== null}
      onClose={onCancel}
      title="This item has changed"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Keep editing' }}
      transitionProps={{ duration: 0 }}
    >
      <Stack>
        <Text size="sm">
          Somebody else has changed it since you began to edit it.
          {choice && ' Which version do you want to keep?'}
        </Text>
        {found?.map((difference) => (
          <Compared key={difference.field} difference={difference} />
        ))}
        <Flex direction={{ base: 'column', xs: 'row' }} justify="flex-end" gap="sm">
          <Button variant="subtle" color="gray" onClick={onCancel}>
            Keep editing
          </Button>
          {choice && (
            <Button variant="default" onClick={onTakeTheirs}>
              Take theirs
            </Button>
          )}
          <Button onClick={onKeepMine} data-autofocus>
            Keep mine
          </Button>
        </Flex>
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
          You did not change this: theirs stays either way.
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
        <Text dir="auto" size="sm" style={{ whiteSpace: 'pre-wrap' }} fs={value === '' ? 'italic' : 'normal'}>
          {value === '' ? 'None' : value}
        </Text>
      </ScrollArea.Autosize>
    </Paper>
  );
}
