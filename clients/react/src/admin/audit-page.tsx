import { Box, Button, Grid, Loader, NativeSelect } from '@mantine/core';
import { listAuditQueryKey } from '@plinth/client/query';
import { IconFilterOff, IconRefresh } from '@tabler/icons-react';
import { useIsFetching, useQueryClient } from '@tanstack/react-query';
import { useRef } from 'react';
import { PageHeader } from '../shared/page-header';
import { AuditList } from './audit-list';
import { type AuditView, EVERYTHING, isBackwards, isFiltered, toQuery, useAuditView } from './audit-view';
import { EVENTS, knownEvent } from './audit-words';
import { InstantInput } from './instant-input';
import { UserSelect } from './user-select';

/** What happened to accounts, and who did it. */
export function AuditPage() {
  const [view, change] = useAuditView();
  const queries = useQueryClient();
  const fetching = useIsFetching({ queryKey: listAuditQueryKey() }) > 0;
  const entries = useRef<HTMLElement>(null);
  const clear = () => {
    change(EVERYTHING);
    // The button goes away.
    entries.current?.focus();
  };
  const refresh = () => void queries.invalidateQueries({ queryKey: listAuditQueryKey() });
  return (
    <>
      <PageHeader title="Audit log" description="What happened to accounts, and who did it. Newest first.">
        <Button
          variant="default"
          // Not as `loading`, which would take the focus away.
          leftSection={fetching ? <Loader size={18} /> : <IconRefresh size={18} aria-hidden />}
          onClick={refresh}
        >
          Refresh
        </Button>
      </PageHeader>
      <Filters view={view} onChange={change} onClear={clear} />
      <Box component="section" aria-label="Entries" ref={entries} tabIndex={-1}>
        {!isBackwards(view) && <AuditList query={toQuery(view)} />}
      </Box>
    </>
  );
}

interface FiltersProps {
  readonly view: AuditView;
  readonly onChange: (change: Partial<AuditView>) => void;
  readonly onClear: () => void;
}

function Filters({ view, onChange, onClear }: FiltersProps) {
  return (
    <Grid gap="sm" align="flex-start" mb="md" role="search" aria-label="Audit log">
      <Grid.Col span={{ base: 12, sm: 4 }}>
        <NativeSelect
          label="Event"
          data={[{ value: '', label: 'All' }, ...EVENTS]}
          value={view.event ?? ''}
          onChange={({ currentTarget: { value } }) => onChange({ event: knownEvent(value) })}
        />
      </Grid.Col>
      <Grid.Col span={{ base: 6, sm: 4 }}>
        <UserSelect label="Account" value={view.user} onChange={(user) => onChange({ user })} />
      </Grid.Col>
      <Grid.Col span={{ base: 6, sm: 4 }}>
        <UserSelect label="Done by" value={view.actor} onChange={(actor) => onChange({ actor })} />
      </Grid.Col>
      <Grid.Col span={{ base: 12, xs: 6, sm: 4 }}>
        <InstantInput label="From" value={view.since} onChange={(since) => onChange({ since })} />
      </Grid.Col>
      <Grid.Col span={{ base: 12, xs: 6, sm: 4 }}>
        <InstantInput
          label="Until"
          value={view.until}
          onChange={(until) => onChange({ until })}
          error={isBackwards(view) ? 'Has to be after the beginning' : undefined}
        />
      </Grid.Col>
      {isFiltered(view) && (
        <Grid.Col span={{ base: 12, sm: 4 }} pt={{ sm: 25 }}>
          <Button variant="subtle" leftSection={<IconFilterOff size={16} aria-hidden />} onClick={onClear}>
            Clear the filters
          </Button>
        </Grid.Col>
      )}
    </Grid>
  );
}
