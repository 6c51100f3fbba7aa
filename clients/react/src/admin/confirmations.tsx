import type { User } from '@plinth/client';
import { Confirmation } from '../shared/confirmation';
import { tellOf } from '../shared/notify';
import { nameOf } from './user-badges';
import { useDeleteUser, useSwitchUser } from './user-changes';

interface AboutUser {
  readonly user: User;
  readonly onClose: () => void;
}

/** Asks before an account is switched off. */
export function DeactivateUser({ user, onClose }: AboutUser) {
  const change = useSwitchUser();
  return (
    <Confirmation
      confirm="Deactivate"
      // Shown as done at once; if it fails, that is told where the list is.
      onConfirm={async () => change.mutate({ id: user.id, active: false })}
      onClose={onClose}
    >
      They are signed out everywhere, and cannot sign in until somebody activates them again.
    </Confirmation>
  );
}

interface DeleteUserProps extends AboutUser {
  readonly onDeleted: (user: User) => void;
}

/** Asks before a user is deleted. */
export function DeleteUser({ user, onClose, onDeleted }: DeleteUserProps) {
  const remove = useDeleteUser();
  const onConfirm = async () => {
    await remove.mutateAsync({ path: { id: user.id } });
    tellOf(nameOf(user), 'was deleted.');
    onDeleted(user);
  };
  return (
    <Confirmation
      confirm="Delete user"
      failed="The user was not deleted"
      onConfirm={onConfirm}
      onClose={onClose}
    >
      They are signed out everywhere and can no longer sign in. Their email becomes free for another account;
      their items stay. Among the deleted users they can be restored.
    </Confirmation>
  );
}
