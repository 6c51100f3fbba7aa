import { Box, type BoxProps } from '@mantine/core';

const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const MINUTE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

interface TimeProps extends BoxProps {
  /** The instant, as the server writes it (RFC 3339). */
  readonly value: string;
  /** Shows the day alone. */
  readonly dayOnly?: boolean;
}

/** An instant in the language and time zone of whoever looks; the exact one when pointed at. */
export function Time({ value, dayOnly = false, ...box }: TimeProps) {
  return (
    <Box component="time" dateTime={value} title={value} {...box}>
      {formatTime(value, dayOnly)}
    </Box>
  );
}

/** The same as text. What is no instant is shown as it is. */
export function formatTime(value: string, dayOnly = false): string {
  const instant = new Date(value);
  if (Number.isNaN(instant.getTime())) return value;
  return (dayOnly ? DAY : MINUTE).format(instant);
}
