import { Button, type ButtonProps } from '@mantine/core';
import type { User } from '@plinth/client';
import { resendVerificationMutation } from '@plinth/client/query';
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { tell, tellError } from '../shared/notify';

interface ResendButtonProps extends ButtonProps {
  readonly user: User;
  readonly children: ReactNode;
}

/** Has the mail sent again that verifies the user's address, or the one that is to take its place. */
export function ResendButton({ user, children, ...button }: ResendButtonProps) {
  const { mutate, isPending } = useMutation({
    ...resendVerificationMutation(),
    onSuccess: () => tell(`We sent an email to ${user.pending_email ?? user.email}.`),
    onError: (error) => tellError(error),
  });
  return (
    <Button size="xs" variant="light" {...button} loading={isPending} onClick={() => mutate({})}>
      {children}
    </Button>
  );
}
