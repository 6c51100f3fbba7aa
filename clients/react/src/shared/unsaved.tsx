import { getDefaultZIndex } from '@mantine/core';
import { useWindowEvent } from '@mantine/hooks';
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react';
import { useBlocker, useLocation } from 'react-router';
import { Confirmation } from './confirmation';
import { Dialog, type DialogProps } from './dialog';
import { useAsked } from './use-asked';

/** What is around a form. */
interface Surroundings {
  /** Remembers that there is something unsaved, until what it returns is called. */
  readonly register: () => () => void;
  /** Something that was registered is unsaved. */
  readonly isUnsaved: () => boolean;
  /** Asks whether to discard it; `onDiscard` does that. */
  readonly ask: (onDiscard: () => void) => void;
  /** That is being asked. */
  readonly asking: boolean;
}

const Around = createContext<Surroundings>({
  register: () => () => {},
  isUnsaved: () => false,
  ask: (onDiscard) => onDiscard(),
  asking: false,
});

/** Has somebody asked before what was typed is thrown away, while `unsaved`. */
export function useUnsaved(unsaved: boolean): void {
  const { register } = useContext(Around);
  useEffect(() => {
    if (!unsaved) return;
    const forget = register();
    // Only while it is needed: browsers keep no page ready for the way back that listens to this.
    window.addEventListener('beforeunload', stay);
    return () => {
      forget();
      window.removeEventListener('beforeunload', stay);
    };
  }, [unsaved, register]);
}

/** Returns how to leave by other ways than an address: `leave(go)` asks before it goes, while something is unsaved. */
export function useLeave(): (go: () => void) => void {
  const { isUnsaved, ask } = useContext(Around);
  return (go) => (isUnsaved() ? ask(go) : go());
}

function stay(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** Asks before somebody leaves a page, or the app, with something unsaved on it. Around all pages. */
export function UnsavedGuard({ children }: { readonly children: ReactNode }) {
  const { isUnsaved, register } = useRegister();
  // Another view of the same page leaves what was typed where it is.
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => currentLocation.pathname !== nextLocation.pathname && isUnsaved(),
  );
  const { about: onDiscard, opened, ask, close } = useAsked<() => void>();
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what it is about went with the page.
  useEffect(close, [pathname]);
  const blocked = blocker.state === 'blocked';
  const asking = opened || blocked;
  const discard = () => {
    close();
    if (blocked) blocker.proceed();
    else onDiscard?.();
  };
  const keep = () => {
    close();
    if (blocked) blocker.reset();
  };
  return (
    <Around value={{ register, isUnsaved, ask, asking }}>
      {children}
      {asking && <EscapeKey onPress={keep} />}
      <DiscardDialog opened={asking} onDiscard={discard} onKeep={keep} />
    </Around>
  );
}

/** A dialog with a form: asks before it is closed with something unsaved in it. */
export function FormDialog({ children, onClose, ...dialog }: Omit<DialogProps, 'closeOnEscape'>) {
  const around = useContext(Around);
  const { isUnsaved, register } = useRegister();
  return (
    // The question takes the key while it is asked.
    <Dialog
      {...dialog}
      onClose={() => (isUnsaved() ? around.ask(onClose) : onClose())}
      closeOnEscape={!around.asking}
    >
      <Around value={{ ...around, register, isUnsaved }}>{children}</Around>
    </Dialog>
  );
}

/** Keeps account of what is unsaved inside; whoever is around hears of it too. */
function useRegister() {
  const { register: outer } = useContext(Around);
  // Not a state: a page that goes and leads elsewhere by that, as at the end of a session, leaves nothing to ask about.
  const [drafts] = useState(() => new Set<symbol>());
  const register = useCallback(() => {
    const forget = outer();
    const draft = Symbol();
    drafts.add(draft);
    return () => {
      forget();
      drafts.delete(draft);
    };
  }, [outer, drafts]);
  return { isUnsaved: () => drafts.size > 0, register };
}

/**
 * The key, wherever the focus is: it may not have come to the question yet. The press that asked is not among those that
 * are heard here, as it was on its way before this listened (DOM, 2.9); nothing else is to hear of the others.
 */
function EscapeKey({ onPress }: { readonly onPress: () => void }) {
  useWindowEvent(
    'keydown',
    (event) => {
      if (event.key !== 'Escape' || event.isComposing) return;
      event.stopImmediatePropagation();
      onPress();
    },
    { capture: true },
  );
  return null;
}

function DiscardDialog({
  opened,
  onDiscard,
  onKeep,
}: {
  readonly opened: boolean;
  readonly onDiscard: () => void;
  readonly onKeep: () => void;
}) {
  return (
    <Dialog
      opened={opened}
      onClose={onKeep}
      title="Discard your changes?"
      // Above the dialog that it is about.
      zIndex={getDefaultZIndex('modal') + 1}
      closeOnEscape={false}
      // Not to take the focus while it fades out.
      transitionProps={{ duration: 0 }}
    >
      <Confirmation
        confirm="Discard"
        cancel="Keep editing"
        onConfirm={() => Promise.resolve()}
        onDone={onDiscard}
        onClose={onKeep}
      >
        What you typed has not been saved.
      </Confirmation>
    </Dialog>
  );
}
