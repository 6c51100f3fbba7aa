import { Badge, Tooltip, VisuallyHidden } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import type { RealtimeStatus } from '@plinth/client';
import { useRealtime } from '@plinth/client/react';
import { useState } from 'react';

/** What has become of the connection: not there yet, there, lost, or there again. */
type Course = 'new' | 'live' | 'lost' | 'back';

const LOOKS = {
  new: { color: 'gray', label: 'Connecting', hint: 'In a moment, changes appear as they happen', news: '' },
  live: { color: 'green', label: 'Live', hint: 'Changes appear as they happen', news: '' },
  lost: {
    color: 'gray',
    label: 'Offline',
    hint: 'Not connected; trying again',
    news: 'The connection is lost.',
  },
  back: {
    color: 'green',
    label: 'Live',
    hint: 'Changes appear as they happen',
    news: 'The connection is back.',
  },
};

/** Whether changes are told as they happen. Only that they are not any more, or are again, is also heard. */
export function LiveBadge() {
  const { status } = useRealtime();
  // A connection that is made anew with another token is no loss.
  const [lasting] = useDebouncedValue(status, 2000);
  const [before, setBefore] = useState<Course>('new');
  const course = proceed(before, status === 'open' ? status : lasting);
  if (course !== before) setBefore(course);
  const { color, label, hint, news } = LOOKS[course];
  return (
    <>
      <Tooltip label={hint}>
        <Badge variant="dot" color={color} miw="fit-content">
          <VisuallyHidden>Connection: </VisuallyHidden>
          {label}
        </Badge>
      </Tooltip>
      <VisuallyHidden role="status">{news}</VisuallyHidden>
    </>
  );
}

function proceed(course: Course, status: RealtimeStatus): Course {
  switch (status) {
    case 'open':
      return course === 'new' || course === 'live' ? 'live' : 'back';
    case 'waiting':
      return 'lost';
    default:
      // Of a new page it is not news that its first try is under way.
      return course === 'new' ? 'new' : 'lost';
  }
}
