import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useAuth } from '@plinth/client/react';
import { IconPlus } from '@tabler/icons-react';
import { UnverifiedBanner } from '../account/unverified-banner';
import { PageHeader } from '../shared/page-header';
import { CreateDialog } from './create-dialog';
import { useItemFilters } from './filters';
import { ItemList } from './item-list';
import { Toolbar } from './toolbar';

/** The user's items; for editors and administrators those of everybody. */
export function ItemsPage() {
  const { user } = useAuth();
  const seesOthers = user?.role === 'admin' || user?.role === 'editor';
  const [filters, change] = useItemFilters();
  const [creating, { open, close }] = useDisclosure();
  return (
    <>
      <PageHeader title="Items">
        <Button leftSection={<IconPlus size={18} aria-hidden />} onClick={open}>
          New item
        </Button>
      </PageHeader>
      <UnverifiedBanner />
      <Toolbar filters={filters} onChange={change} seesOthers={seesOthers} />
      <ItemList
        filters={filters}
        seesOthers={seesOthers}
        onClearSearch={() => change({ search: '' })}
        onCreate={open}
      />
      <CreateDialog opened={creating} onClose={close} />
    </>
  );
}
