import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';

/** A text field whose value is sent on while somebody types. */
export interface DebouncedText {
  /** What the field shows. */
  readonly text: string;
  /** Takes what is typed, and sends it after the pause. */
  readonly type: (text: string) => void;
  /** Empties the field, and sends that at once. */
  readonly clear: () => void;
  /** Sends what was typed without waiting: before somebody goes elsewhere, where it would come too late. */
  readonly flush: () => void;
}

/**
 * Text that is sent on with `send`, without white space around it, once nobody has typed for `pause` milliseconds.
 * `value` is the text that counts now, as `send` was given it; when something else changes it, such as the way back,
 * what is being typed gives way.
 */
export function useDebouncedText(value: string, send: (text: string) => void, pause: number): DebouncedText {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  const sendNow = (trimmed: string) => {
    sent.current = trimmed;
    send(trimmed);
  };
  const sendSoon = useDebouncedCallback(sendNow, pause);
  const { cancel } = sendSoon;
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    cancel();
    setText(value);
  }, [value, cancel]);
  return {
    text,
    type: (typed) => {
      setText(typed);
      sendSoon(typed.trim());
    },
    clear: () => {
      cancel();
      setText('');
      sendNow('');
    },
    // Not the function itself: there is another one after each key.
    flush: () => sendSoon.flush(),
  };
}
