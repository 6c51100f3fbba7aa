import { Text } from '@mantine/core';

/**
 * What somebody has called something, inside a sentence: of one line at most, and, whatever its script, without an
 * effect on the direction of the rest (HTML, 4.5.24).
 */
export function Quoted({ children }: { readonly children: string }) {
  return (
    <Text span inherit truncate display="inline-block" maw="100%" style={{ verticalAlign: 'bottom' }}>
      “<bdi>{children}</bdi>”
    </Text>
  );
}
