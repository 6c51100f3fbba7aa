import { Alert, Button, Center, Group, Text } from '@mantine/core';
import { useIntersection } from '@mantine/hooks';
import { IconAlertCircle } from '@tabler/icons-react';
import { useEffect } from 'react';
import { explain } from '../shared/errors';

/**
 * The rest of a list: it is loaded when the end comes near. The button is for whoever gets there otherwise, and for when
 * it cannot be loaded by itself.
 */
export function Further({
  rows,
  loading,
  busy,
  error,
  onLoad,
  onAsk,
}: {
  /** How many rows there are already. */
  readonly rows: number;
  /** It is being loaded. */
  readonly loading: boolean;
  /** Anything of the list is being loaded. */
  readonly busy: boolean;
  /** Why it could not be loaded; null if it could. */
  readonly error: unknown;
  readonly onLoad: () => void;
  /** Somebody has asked for it with a button. */
  readonly onAsk: () => void;
}) {
  if (error) {
    // Not again by itself: it would fail over and over.
    return (
      <Alert
        color="red"
        icon={<IconAlertCircle aria-hidden />}
        title="The rest could not be loaded"
        role="alert"
      >
        <Group justify="space-between" gap="sm">
          <Text size="sm">{explain(error)}</Text>
          <Button size="xs" variant="light" color="red" onClick={onAsk} loading={loading}>
            Try again
          </Button>
        </Group>
      </Alert>
    );
  }
  return (
    <Center>
      {/* Another one after each part: the last one still says that the end is near when new rows have moved it away. */}
      <End key={rows} busy={busy} onLoad={onLoad} />
      <Button variant="default" onClick={onAsk} loading={loading}>
        Load more
      </Button>
    </Center>
  );
}

/** The end of the list. Loads more when it is near. */
function End({ busy, onLoad }: { readonly busy: boolean; readonly onLoad: () => void }) {
  const { ref, entry } = useIntersection<HTMLDivElement>({ rootMargin: '300px' });
  const near = entry?.isIntersecting ?? false;
  useEffect(() => {
    if (near && !busy) onLoad();
  }, [near, busy, onLoad]);
  return <div ref={ref} />;
}
