/** Calls a listener of the app. An error that it throws is reported, as one of an event's listener is, and goes no
 * further: whatever is being told goes on. */
export function tell(listener: () => void): void {
  try {
    listener();
  } catch (error) {
    // Only where there are windows and workers: elsewhere it is an uncaught exception.
    if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }
}
