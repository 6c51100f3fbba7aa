import { type UseFormReturnType, useForm } from '@mantine/form';
import { type ItemUpdate, isProblem } from '@plinth/client';
import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { tell } from '../shared/notify';
import { type Submission, useSubmission } from '../shared/submission';
import { changeInLists, refreshLists } from './cache';
import { changesOf, type Difference, type Draft, differences, toBody, toDraft, validateDraft } from './draft';
import { useCreateItem, useSaveItem } from './mutations';
import { readVersion, useVersion, type Version } from './version';

/** An item being edited. */
export interface Editing extends Submission {
  readonly form: UseFormReturnType<Draft>;
  /** What is being sent; null while nothing is. */
  readonly pending: ItemUpdate | null;
  /** It was changed elsewhere since it was read here. */
  readonly changedElsewhere: boolean;
  /** It was deleted elsewhere: sending makes a new one. */
  readonly deletedElsewhere: boolean;
  /** How it differs from what it has become elsewhere, while that has to be decided. */
  readonly conflict: ReadonlyArray<Difference> | null;
  /** Opens the comparison with what it has become. */
  readonly compare: () => void;
  readonly keepMine: () => void;
  readonly takeTheirs: () => void;
  /** Closes the comparison and goes on editing. */
  readonly goOn: () => void;
}

/**
 * Edits an item from the version `base` on. Saving sends what was changed, on condition that the server's version is
 * still that one (`If-Match`, RFC 9110 §13.1.1); `onDone` is called when there is nothing left to do.
 */
export function useEditing(base: Version, onDone: () => void): Editing {
  const { id } = base.item;
  const queries = useQueryClient();
  const latest = useVersion(id);
  const save = useSaveItem();
  const create = useCreateItem();
  const form = useForm<Draft>({
    mode: 'uncontrolled',
    initialValues: toDraft(base.item),
    validate: validateDraft,
  });
  const [theirs, setTheirs] = useState<Version | null>(null);
  const [missed, setMissed] = useState(false);
  /** The version that may be overwritten. */
  const tag = useRef(base.etag);
  const deletedElsewhere = missed || isProblem(latest.error, 'not_found');

  const take = async ({ item }: Version) => {
    await changeInLists(queries, id, () => item);
    void refreshLists(queries);
    onDone();
  };
  const compare = async () => {
    const version = await readVersion(queries, id);
    const found = differences(base.item, changesOf(base.item, form.getValues()), version.item);
    // Both have made the same change, or an answer of the server was lost.
    if (found.length === 0) await take(version);
    else setTheirs(version);
  };
  const saveItem = async (draft: Draft) => {
    const body = changesOf(base.item, draft);
    if (Object.keys(body).length > 0) {
      await save.mutateAsync({ path: { id }, body, headers: { 'If-Match': tag.current } });
    }
    onDone();
  };
  const saveAsNew = async (draft: Draft) => {
    const { title } = await create.mutateAsync({ body: toBody(draft) });
    tell(`“${title}” was saved as a new item.`);
    onDone();
  };
  /** Turns what others have done into something to decide. */
  const orDecide = async (attempt: () => Promise<void>) => {
    try {
      await attempt();
    } catch (error) {
      if (isProblem(error, 'precondition_failed')) await orDecide(compare);
      else if (isProblem(error, 'not_found')) setMissed(true);
      else throw error;
    }
  };
  const submission = useSubmission(form, (draft) =>
    orDecide(() => (deletedElsewhere ? saveAsNew(draft) : saveItem(draft))),
  );
  const comparison = useSubmission(form, () => orDecide(compare));

  return {
    form,
    onSubmit: submission.onSubmit,
    submitting: submission.submitting || comparison.submitting,
    failure: submission.failure ?? comparison.failure,
    pending: submission.submitting && save.isPending ? save.variables.body : null,
    changedElsewhere: !deletedElsewhere && latest.data !== undefined && latest.data.etag !== base.etag,
    deletedElsewhere,
    conflict: theirs && differences(base.item, changesOf(base.item, form.getValues()), theirs.item),
    compare: () => comparison.onSubmit(),
    keepMine: () => {
      if (theirs) tag.current = theirs.etag;
      setTheirs(null);
      submission.onSubmit();
    },
    takeTheirs: () => {
      if (theirs) void take(theirs);
    },
    goOn: () => setTheirs(null),
  };
}
