/** How long somebody else may hold a lock before it is passed over, in milliseconds. */
const PATIENCE = 15_000;

/**
 * Runs `work` while no other tab of the origin runs something under this name (Web Locks). Without locks (an insecure
 * context, Node.js) it runs at once, and also when the lock is not to be had in time, since a tab that the browser has
 * frozen keeps its locks: the server stands two refreshes at once. `work` is told whether another tab has just ended its
 * own.
 */
export async function exclusively<Result>(
  name: string | undefined,
  work: (another: boolean) => Promise<Result>,
): Promise<Result> {
  // Typed as always there, which it is not.
  const locks: LockManager | undefined = globalThis.navigator?.locks;
  if (!locks || !name) return work(false);
  const waiting = new AbortController();
  const timer = setTimeout(() => waiting.abort(), PATIENCE);
  let entered = false;
  const enter = (another: boolean) => {
    entered = true;
    clearTimeout(timer);
    return work(another);
  };
  try {
    const atOnce = await locks.request(name, { ifAvailable: true }, async (lock) =>
      lock ? { result: await enter(false) } : undefined,
    );
    if (atOnce) return atOnce.result;
    return await locks.request(name, { signal: waiting.signal }, () => enter(true));
  } catch (error) {
    if (entered) throw error;
    return work(false);
  } finally {
    clearTimeout(timer);
  }
}
