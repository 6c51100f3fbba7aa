import { Button, Group, Stack, Text } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { Dialog } from './dialog';
import { explain } from './errors';
import { FormAlert } from './form-alert';
import { useAction } from './use-action';

interface ConfirmationProps {
  /** What will happen. */
  readonly children: ReactNode;
  /** What the button says. */
  readonly confirm: string;
  /** What the button says that does nothing. */
  readonly cancel?: string;
  /** Does it. If it fails, the dialog stays with the reason; if it is closed by then, a notice tells it. */
  readonly onConfirm: () => Promise<unknown>;
  /** It was done, and the dialog is still there. Closes it, unless told otherwise. */
  readonly onDone?: () => void;
  readonly onClose: () => void;
  /** The title of that notice. */
  readonly failed?: string;
}

/** Asks before something that cannot simply be undone. The content of a dialog, whose title is the question. */
export function Confirmation({
  children,
  confirm,
  cancel = 'Cancel',
  onConfirm,
  onClose,
  onDone = onClose,
  failed,
}: ConfirmationProps) {
  const button = useRef<HTMLButtonElement>(null);
  const { mutate, isPending, error } = useAction(onConfirm, failed);
  useEffect(() => {
    // It was disabled while it worked, and has lost the focus by that.
    if (error) button.current?.focus();
  }, [error]);
  return (
    <Stack>
      <FormAlert message={error && explain(error)} />
      <Text size="sm">{children}</Text>
      <Group justify="flex-end">
        {/* What harms nothing is what Enter does first. */}
        <Button variant="default" data-autofocus onClick={onClose}>
          {cancel}
        </Button>
        <Button
          ref={button}
          color="red"
          loading={isPending}
          onClick={() => mutate(undefined, { onSuccess: () => onDone() })}
        >
          {confirm}
        </Button>
      </Group>
    </Stack>
  );
}

interface ConfirmationDialogProps extends Omit<ConfirmationProps, 'onDone'> {
  readonly opened: boolean;
  /** The question. */
  readonly title: string;
  /** It was done, and the dialog is gone. The button that opened it may be too: the focus needs a place. */
  readonly onDone?: () => void;
}

/** A dialog that asks that. */
export function ConfirmationDialog({ opened, title, onDone, ...rest }: ConfirmationDialogProps) {
  const done = useRef(false);
  const close = () => {
    done.current = true;
    rest.onClose();
  };
  const leave = () => {
    if (done.current) onDone?.();
    done.current = false;
  };
  return (
    <Dialog opened={opened} onClose={rest.onClose} title={title} onExitTransitionEnd={leave}>
      <Confirmation {...rest} onDone={close} />
    </Dialog>
  );
}
