import { type UseFormReturnType, useForm } from '@mantine/form';
import { type ItemUpdate, isProblem } from '@plinth/client';
import { useQueryClient } from '@tanstack/react-query';
import { type RefObject, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { explain } from '../shared/errors';
import { tellOf } from '../shared/notify';
import { type Submission, useSubmission } from '../shared/submission';
import { useUnsaved } from '../shared/unsaved';
import { useAction } from '../shared/use-action';
import { useIsMounted } from '../shared/use-is-mounted';
import { changeInLists, refreshLists } from './cache';
import {
  changesOf,
  type Difference,
  type Draft,
  differences,
  isAsWanted,
  toBody,
  toDraft,
  validateDraft,
} from './draft';
import { useCreateItem, useSaveItem } from './mutations';
import { readVersion, useVersion, type Version } from './version';

/** What an item has become elsewhere, and what there is to decide about that. */
interface Conflict {
  readonly theirs: Version;
  readonly found: ReadonlyArray<Difference>;
}

/** An item being edited. */
export interface Editing extends Submission {
  readonly form: UseFormReturnType<Draft>;
  /** To be put on the form. */
  readonly element: RefObject<HTMLFormElement | null>;
  /** What is being sent; null while nothing is. */
  readonly pending: ItemUpdate | null;
  /** It was changed elsewhere since it was read here. */
  readonly changedElsewhere: boolean;
  /** It was deleted elsewhere: sending makes a new one. */
  readonly deletedElsewhere: boolean;
  /** What has to be decided; null while nothing has. */
  readonly conflict: Conflict | null;
  /** Opens the comparison with what it has become. */
  readonly compare: () => void;
  readonly keepMine: () => void;
  readonly takeTheirs: () => void;
  /** Closes the comparison and goes on editing. */
  readonly goOn: () => void;
}

/**
 * Edits an item from the version `base` on. Saving sends what was changed, on condition that the server's version is
 * still that one (`If-Match`, RFC 9110 §13.1.1). If it is not, only what was changed here and elsewhere is asked about.
 * `onDone` is called when there is nothing left to do.
 */
export function useEditing(base: Version, onDone: () => void): Editing {
  const { id } = base.item;
  const queries = useQueryClient();
  const latest = useVersion(id);
  const save = useSaveItem();
  const create = useCreateItem();
  const isMounted = useIsMounted();
  const form = useForm<Draft>({
    mode: 'uncontrolled',
    initialValues: toDraft(base.item),
    validate: validateDraft,
  });
  const element = useRef<HTMLFormElement>(null);
  /** The version that may be overwritten. */
  const [known, setKnown] = useState(base);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [missed, setMissed] = useState(false);
  const deletedElsewhere = missed || isProblem(latest.error, 'not_found');

  /** Saves over that version, and over later ones that differ elsewhere. Returns what has to be decided first. */
  const saveOver = async (version: Version, changes: ItemUpdate): Promise<Conflict | null> => {
    // Nothing was changed, both have made the same change, or an answer of the server was lost.
    if (isAsWanted(version.item, changes)) return null;
    try {
      await save.mutateAsync({ path: { id }, body: changes, headers: { 'If-Match': version.etag } });
      return null;
    } catch (error) {
      if (!isProblem(error, 'precondition_failed')) throw error;
      const theirs = await readVersion(queries, id);
      const found = differences(version.item, changes, theirs.item).filter(({ touched }) => touched);
      if (found.length === 0) return saveOver(theirs, changes);
      // There is nobody to ask any more.
      if (!isMounted()) throw error;
      return { theirs, found };
    }
  };
  const saveAsNew = async (draft: Draft) => {
    const { title } = await create.mutateAsync({ body: toBody(draft) });
    tellOf(title, 'was saved as a new item.');
    return null;
  };
  /** `attempt`, which may find that the item is gone: that is no failure while there is something to do about it. */
  const orMiss = async <Outcome>(attempt: Promise<Outcome>): Promise<Outcome | 'missed'> => {
    try {
      return await attempt;
    } catch (error) {
      if (!isProblem(error, 'not_found') || !isMounted()) throw error;
      return 'missed';
    }
  };
  // Not sent with the form, whose faults are no reason against a look.
  const comparison = useAction(() => orMiss(readVersion(queries, id)), 'The item could not be compared');
  const submission = useSubmission(
    form,
    (draft) => {
      comparison.reset();
      return orMiss(deletedElsewhere ? saveAsNew(draft) : saveOver(known, changesOf(base.item, draft)));
    },
    {
      onDone: (outcome) => {
        if (outcome === 'missed') setMissed(true);
        else if (outcome) setConflict(outcome);
        else onDone();
      },
      failed: 'The item was not saved',
    },
  );
  const showComparison = (theirs: Version | 'missed') => {
    if (theirs === 'missed') return setMissed(true);
    const draft = form.getValues();
    const found = differences(known.item, changesOf(base.item, draft), theirs.item, draft.price);
    if (found.length > 0) setConflict({ theirs, found });
    else setKnown(theirs);
  };
  /** Sends it over the version that it was compared with, which has been decided about. */
  const sendOver = (theirs: Version) => {
    // Before it is sent, which is on condition of the version.
    flushSync(() => {
      setKnown(theirs);
      setConflict(null);
    });
    element.current?.requestSubmit();
  };
  useUnsaved(form.isDirty() && !submission.submitting);

  return {
    form,
    element,
    onSubmit: submission.onSubmit,
    submitting: submission.submitting,
    failure: comparison.error ? explain(comparison.error) : submission.failure,
    pending: (submission.submitting && !deletedElsewhere && save.variables?.body) || null,
    changedElsewhere: !deletedElsewhere && latest.data !== undefined && latest.data.etag !== known.etag,
    deletedElsewhere,
    conflict,
    compare: () => comparison.mutate(undefined, { onSuccess: showComparison }),
    keepMine: () => conflict && sendOver(conflict.theirs),
    takeTheirs: async () => {
      if (!conflict) return;
      const { theirs, found } = conflict;
      await changeInLists(queries, id, () => theirs.item);
      void refreshLists(queries);
      // What else was changed here was not asked about, and is sent.
      const draft = toDraft(theirs.item);
      for (const { field, touched } of found) if (touched) form.setFieldValue(field, draft[field]);
      sendOver(theirs);
    },
    goOn: () => setConflict(null),
  };
}
