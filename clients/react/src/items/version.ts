import { getItem, type Item } from '@plinth/client';
import { getItemQueryKey } from '@plinth/client/query';
import { type QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query';

/** An item, and the tag of that version of it (RFC 9110 §8.8.3). */
export interface Version {
  readonly item: Item;
  readonly etag: string;
}

/**
 * An item read fresh, with its tag, and read anew whenever it changes: the key begins as that of the generated options,
 * so that events concern it. The generated query itself gives the item without the tag.
 */
export function useVersion(id: string): UseQueryResult<Version> {
  return useQuery({
    queryKey: versionKey(id),
    queryFn: ({ signal }) => fetchVersion(id, signal),
    // What was kept from an earlier time is of no use: the tag may be old.
    staleTime: 0,
    gcTime: 0,
  });
}

/** Reads it now. Throws a problem, such as `not_found`. */
export async function readVersion(queries: QueryClient, id: string): Promise<Version> {
  const version = await fetchVersion(id);
  queries.setQueryData<Version>(versionKey(id), version);
  return version;
}

function versionKey(id: string) {
  return [...getItemQueryKey({ path: { id } }), 'version'] as const;
}

async function fetchVersion(id: string, signal?: AbortSignal): Promise<Version> {
  const { data, response } = await getItem({ path: { id }, ...(signal && { signal }) });
  const etag = response.headers.get('etag');
  // No other version could be told from this one. The server always sends it.
  if (etag === null) throw new Error('The answer has no entity tag');
  // A proxy that compresses makes the tag a weak one, which `If-Match` never takes. The server's names the version,
  // however it is coded, so it stays good.
  return { item: data, etag: etag.replace(/^W\//, '') };
}
