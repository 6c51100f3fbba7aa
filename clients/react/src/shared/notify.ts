import { notifications } from '@mantine/notifications';
import { explain } from './errors';

/** Tells that something was done. */
export function tell(message: string): void {
  notifications.show({ message, color: 'green' });
}

/** Tells that something failed, and why. `title` says what. */
export function tellError(error: unknown, title = 'That did not work'): void {
  notifications.show({ title, message: explain(error), color: 'red', autoClose: 8000 });
}
