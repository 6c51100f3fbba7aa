import { notifications } from '@mantine/notifications';
import { explain } from './errors';
import { Quoted } from './quoted';

/** Tells that something was done. */
export function tell(message: string): void {
  notifications.show({ message, color: 'green' });
}

/** Tells what was done with something that has a name: `tellOf('Amber lamp', 'was saved.')`. */
export function tellOf(name: string, message: string): void {
  notifications.show({
    message: (
      <>
        <Quoted>{name}</Quoted> {message}
      </>
    ),
    color: 'green',
  });
}

/** Tells that something failed, and why. `title` says what. */
export function tellError(error: unknown, title = 'That did not work'): void {
  notifications.show({ title, message: explain(error), color: 'red', autoClose: 8000 });
}
