import { useWindowEvent } from '@mantine/hooks';
import { endSession, isProblem, type Session } from '@plinth/client';
import { endOtherSessionsMutation, listSessionsOptions } from '@plinth/client/query';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { tell } from '../shared/notify';

/** One's sessions. No event tells of them, so they are read whenever somebody looks. */
export function useSessions() {
  const sessions = useQuery({ ...listSessionsOptions(), staleTime: 0, refetchOnWindowFocus: 'always' });
  // A page that becomes visible is TanStack Query's idea of focus; a window beside another one is visible all the time.
  useWindowEvent('focus', () => void sessions.refetch({ cancelRefetch: false }));
  return sessions;
}

/** Ends one of them. */
export function useEndSession() {
  const drop = useDrop();
  return useMutation({
    mutationFn: async ({ id }: Session) => {
      try {
        await endSession({ path: { id } });
      } catch (error) {
        // It has ended by itself, or in another tab.
        if (!isProblem(error, 'not_found')) throw error;
      }
    },
    onSuccess: async (_data, { id }) => {
      tell('The device is signed out.');
      await drop((session) => session.id === id);
    },
  });
}

/** Ends all but the current one. */
export function useEndOtherSessions() {
  const drop = useDrop();
  return useMutation({
    ...endOtherSessionsMutation(),
    onSuccess: async () => {
      tell('All other devices are signed out.');
      await drop((session) => !session.current);
    },
  });
}

/** Takes sessions out of what is shown, at once, and then reads the list anew. */
function useDrop() {
  const queries = useQueryClient();
  return async (ended: (session: Session) => boolean) => {
    const { queryKey } = listSessionsOptions();
    await queries.cancelQueries({ queryKey });
    queries.setQueryData(queryKey, (sessions) => sessions?.filter((session) => !ended(session)));
    void queries.invalidateQueries({ queryKey });
  };
}
