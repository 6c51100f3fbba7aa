/** How somebody came to the login, as the state of its location. */
export interface CameFrom {
  /** What they go back to once they are signed in. */
  readonly from?: string;
  /** Whether they were signed in on this page before. */
  readonly ended?: boolean;
}

/** Reads it. The state of a location can be anything: it outlives the app that wrote it. */
export function howTheyCame(state: unknown): CameFrom {
  if (typeof state !== 'object' || state === null) return {};
  return {
    ...('from' in state && typeof state.from === 'string' && { from: state.from }),
    ended: 'ended' in state && state.ended === true,
  };
}
