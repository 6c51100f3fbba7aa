import { Center, Loader } from '@mantine/core';

/** The whole page is on its way. */
export function Loading() {
  return (
    <Center mih="100dvh">
      <title>Plinth</title>
      <Loader aria-label="Loading" />
    </Center>
  );
}
