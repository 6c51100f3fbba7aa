import { Text } from '@mantine/core';
import { isProblem } from '@plinth/client';
import { getUserOptions } from '@plinth/client/query';
import { useQuery } from '@tanstack/react-query';

/** Whose an item is. Rows of the same owner share one query. */
export function OwnerName({ id }: { readonly id: string }) {
  const { data, error } = useQuery(getUserOptions({ path: { id } }));
  if (data) {
    return (
      <Text span inherit title={data.email}>
        Owner: <bdi>{data.full_name ?? data.email}</bdi>
      </Text>
    );
  }
  // The items of an account outlive it.
  if (isProblem(error, 'not_found')) return 'Owner: a deleted account';
  return error ? 'Owner: somebody else' : 'Owner: …';
}
