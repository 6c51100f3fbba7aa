import { isProblem, verifyEmail } from '@plinth/client';
import { getMeQueryKey } from '@plinth/client/query';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import { discardMailedToken, mailedToken } from './mailed-token';

/** How the verification of an address stands. `no_link`: the page was not opened with the link of a mail. */
export type Verification =
  | { readonly state: 'pending' }
  | { readonly state: 'done' }
  | { readonly state: 'no_link' }
  | { readonly state: 'failed'; readonly error: unknown };

/** The verification of this page: a token is good once, and effects may run twice (React's strict mode). */
let verification: Promise<Verification> | undefined;

/** Verifies the address that the link in the mail is about. `retry` is for when the server was not reached. */
export function useVerification(): Verification & { readonly retry: () => void } {
  const queries = useQueryClient();
  const [outcome, setOutcome] = useState<Verification>({ state: 'pending' });
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is what runs it again.
  useEffect(() => {
    let left = false;
    verification ??= verify();
    void verification.then((found) => {
      if (left) return;
      setOutcome(found);
      if (found.state === 'done') void queries.invalidateQueries({ queryKey: getMeQueryKey() });
    });
    return () => {
      left = true;
    };
  }, [queries, attempt]);

  const retry = useCallback(() => {
    verification = undefined;
    setOutcome({ state: 'pending' });
    setAttempt((last) => last + 1);
  }, []);
  return { ...outcome, retry };
}

async function verify(): Promise<Verification> {
  const token = mailedToken('/verify-email');
  if (!token) return { state: 'no_link' };
  try {
    await verifyEmail({ body: { token } });
    discardMailedToken();
    return { state: 'done' };
  } catch (error) {
    if (isProblem(error, 'invalid_token', 'email_taken')) discardMailedToken();
    return { state: 'failed', error };
  }
}
