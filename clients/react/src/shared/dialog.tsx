import { Modal, type ModalProps } from '@mantine/core';
import { Fragment, useState } from 'react';

/** What a dialog takes. */
export type DialogProps = Pick<
  ModalProps,
  | 'opened'
  | 'onClose'
  | 'title'
  | 'children'
  | 'closeOnEscape'
  | 'onExitTransitionEnd'
  | 'transitionProps'
  | 'zIndex'
>;

/** A dialog whose content begins anew each time it is opened, also when the last one is still fading out. */
export function Dialog({ opened, children, ...modal }: DialogProps) {
  const [before, setBefore] = useState(opened);
  const [opening, setOpening] = useState(0);
  if (opened !== before) {
    setBefore(opened);
    if (opened) setOpening(opening + 1);
  }
  return (
    // Always there, since a dialog gives the focus back only to what had it when it was opened.
    <Modal {...modal} opened={opened}>
      <Fragment key={opening}>{children}</Fragment>
    </Modal>
  );
}
