import type { User } from '@plinth/client';
import { FormDialog } from '../shared/unsaved';
import { useAsked } from '../shared/use-asked';
import { ChangeRole } from './change-role';
import { DeactivateUser, DeleteUser } from './confirmations';
import { EditUser } from './edit-user';
import { nameOf } from './user-badges';
import type { AskAbout, UserDialog } from './user-menu';

/** A dialog about a user. */
interface About {
  readonly dialog: UserDialog;
  readonly user: User;
}

const TITLES: Readonly<Record<UserDialog, (name: string) => string>> = {
  edit: (name) => `Edit ${name}`,
  role: (name) => `Change the role of ${name}`,
  deactivate: (name) => `Deactivate ${name}?`,
  delete: (name) => `Delete ${name}?`,
};

interface UserDialogsOptions {
  /** A user was deleted. */
  readonly onDeleted: (user: User) => void;
  /** A dialog goes out of sight. */
  readonly onClosed: () => void;
}

/** The dialogs about users, one at a time. */
export function useUserDialogs({ onDeleted, onClosed }: UserDialogsOptions) {
  const { about, opened, ask, close } = useAsked<About>();
  const dialogs = (
    <FormDialog
      opened={opened}
      onClose={close}
      onExitTransitionEnd={onClosed}
      title={about && TITLES[about.dialog](nameOf(about.user))}
    >
      {about && <Body {...about} onClose={close} onDeleted={onDeleted} />}
    </FormDialog>
  );
  const askAbout: AskAbout = (dialog, user) => ask({ dialog, user });
  return { ask: askAbout, opened, dialogs };
}

interface BodyProps extends About {
  readonly onClose: () => void;
  readonly onDeleted: (user: User) => void;
}

function Body({ dialog, user, onClose, onDeleted }: BodyProps) {
  switch (dialog) {
    case 'edit':
      return <EditUser user={user} onClose={onClose} />;
    case 'role':
      return <ChangeRole user={user} onClose={onClose} />;
    case 'deactivate':
      return <DeactivateUser user={user} onClose={onClose} />;
    case 'delete':
      return <DeleteUser user={user} onClose={onClose} onDeleted={onDeleted} />;
  }
}
