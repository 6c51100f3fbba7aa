import { TextInput } from '@mantine/core';
import { useDebouncedText } from '../shared/use-debounced-text';

/** How long somebody has to stop typing before an instant counts, in milliseconds. */
const PAUSE = 500;

interface InstantInputProps {
  readonly label: string;
  /** The instant (RFC 3339, UTC); null: none. */
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
  readonly error?: string | undefined;
}

/** An instant, entered in the time zone of whoever looks. */
export function InstantInput({ label, value, onChange, error }: InstantInputProps) {
  const { text, type, flush } = useDebouncedText(
    toLocal(value),
    (local) => onChange(toInstant(local)),
    PAUSE,
  );
  return (
    <TextInput
      type="datetime-local"
      label={label}
      // Without it a year may have six digits, which RFC 3339 has no room for.
      max="9999-12-31T23:59"
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      onBlur={flush}
      error={error}
    />
  );
}

/** As the server takes it; null for what is no instant (yet). */
function toInstant(local: string): string | null {
  const instant = new Date(local);
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString();
}

/** As the field takes it: in local time, to the minute. */
function toLocal(value: string | null): string {
  if (value === null) return '';
  const instant = new Date(value);
  // Part by part: the offset of long ago has seconds, and a year may be typed as far as its first digit.
  const shifted = new Date(0);
  shifted.setUTCFullYear(instant.getFullYear(), instant.getMonth(), instant.getDate());
  shifted.setUTCHours(instant.getHours(), instant.getMinutes());
  return shifted.toISOString().slice(0, 16);
}
