import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { explain } from './errors';
import { FormAlert } from './form-alert';

interface ConfirmationProps {
  /** What will happen. */
  readonly children: ReactNode;
  /** What the button says. */
  readonly confirm: string;
  /** Does it. The dialog closes once it is done, and stays with the reason if it fails. */
  readonly onConfirm: () => Promise<unknown>;
  readonly onClose: () => void;
}

/** Asks before something that cannot simply be undone. The content of a dialog, whose title is the question. */
export function Confirmation({ children, confirm, onConfirm, onClose }: ConfirmationProps) {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    // It was disabled while it worked, and has lost the focus by that.
    if (failure !== null) button.current?.focus();
  }, [failure]);
  const run = async () => {
    setBusy(true);
    setFailure(null);
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setFailure(explain(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Stack>
      <FormAlert message={failure} />
      <Text size="sm">{children}</Text>
      <Group justify="flex-end">
        {/* What harms nothing is what Enter does first. */}
        <Button variant="default" data-autofocus onClick={onClose}>
          Cancel
        </Button>
        <Button ref={button} color="red" loading={busy} onClick={() => void run()}>
          {confirm}
        </Button>
      </Group>
    </Stack>
  );
}

interface ConfirmationDialogProps extends ConfirmationProps {
  readonly opened: boolean;
  /** The question. */
  readonly title: string;
  /** It was done, and the dialog is gone. The button that opened it may be too: the focus needs a place. */
  readonly onDone: () => void;
}

/** A dialog that asks that. */
export function ConfirmationDialog({ opened, title, onDone, onConfirm, ...rest }: ConfirmationDialogProps) {
  const done = useRef(false);
  const confirm = async () => {
    await onConfirm();
    done.current = true;
  };
  const leave = () => {
    if (done.current) onDone();
    done.current = false;
  };
  return (
    // Always there, since a dialog gives the focus back only to what had it when it was opened.
    <Modal opened={opened} onClose={rest.onClose} title={title} onExitTransitionEnd={leave}>
      <Confirmation {...rest} onConfirm={confirm} />
    </Modal>
  );
}
