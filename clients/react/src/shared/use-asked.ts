import { useState } from 'react';

/** Whether a dialog is open, and what it is about. */
export interface Asked<About> {
  readonly opened: boolean;
  /** Still there while the dialog closes, so that its text does not vanish before it; null until the first time. */
  readonly about: About | null;
  readonly ask: (about: About) => void;
  readonly close: () => void;
}

/** Remembers what a dialog is about. */
export function useAsked<About>(): Asked<About> {
  const [opened, setOpened] = useState(false);
  const [about, setAbout] = useState<About | null>(null);
  return {
    opened,
    about,
    ask: (subject) => {
      setAbout(() => subject);
      setOpened(true);
    },
    close: () => setOpened(false),
  };
}
