import { Button, Text } from '@mantine/core';
import { IconBoxSeam, IconSearchOff } from '@tabler/icons-react';
import { Quoted } from '../shared/quoted';
import { EmptyState } from '../shared/states';

/** Nothing was found, or there is nothing yet. */
export function EmptyList({
  search,
  everyone,
  onClear,
  onCreate,
}: {
  readonly search: string;
  /** The items of everybody were asked for. */
  readonly everyone: boolean;
  readonly onClear: () => void;
  readonly onCreate: () => void;
}) {
  if (search) {
    return (
      <EmptyState
        icon={IconSearchOff}
        title={
          <>
            Nothing found for <Quoted>{search}</Quoted>
          </>
        }
      >
        <Text c="dimmed">No title and no description contains it.</Text>
        <Button variant="default" mt="sm" onClick={onClear}>
          Clear the search
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState icon={IconBoxSeam} title={everyone ? 'Nobody has an item yet' : 'You have no items yet'}>
      <Text c="dimmed">An item has a title, and may have a description and a price.</Text>
      <Button mt="sm" onClick={onCreate}>
        Create your first item
      </Button>
    </EmptyState>
  );
}
