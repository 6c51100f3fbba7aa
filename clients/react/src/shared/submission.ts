import type { FormErrors, UseFormReturnType } from '@mantine/form';
import { type FormEvent, type SyntheticEvent, useLayoutEffect, useRef, useState } from 'react';
import { formErrors } from './errors';
import { tellError } from './notify';
import { useIsMounted } from './use-is-mounted';

/** Sending a form: what it is sent with, whether it is on its way, and what is wrong with it as a whole. */
export interface Submission {
  readonly onSubmit: (event?: FormEvent<HTMLFormElement>) => void;
  readonly submitting: boolean;
  readonly failure: string | null;
}

interface SubmissionOptions<Result> {
  /** Called with what `send` came to, if the form is still there: what it closes may be another form by then. */
  readonly onDone?: (result: Result) => void;
  /** The title of a failure that comes after the form has gone. */
  readonly failed?: string;
}

/** A form that was sent, or was not for its faults. */
interface Attempt {
  readonly form: HTMLFormElement;
  readonly errors: FormErrors;
}

/**
 * Sends a form with `send`; what the server refuses appears at its field, or in `failure`. Once the form has gone, a
 * failure is told in a notice.
 */
export function useSubmission<Values extends Record<string, unknown>, Result>(
  form: UseFormReturnType<Values>,
  send: (values: Values) => Promise<Result>,
  { onDone, failed }: SubmissionOptions<Result> = {},
): Submission {
  const [submitting, setSubmitting] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [attempt, setAttempt] = useState<Attempt | null>(null);
  // The button is disabled only once it is drawn so.
  const sending = useRef(false);
  const isMounted = useIsMounted();
  // After it is drawn, since the form may have been hidden while it was on its way, and before a dialog that opens at
  // the same time remembers what had the focus.
  useLayoutEffect(() => {
    if (attempt) findFocus(attempt);
  }, [attempt]);
  const onSubmit = form.onSubmit(
    async (values, event) => {
      if (sending.current) return;
      sending.current = true;
      setSubmitting(true);
      setFailure(null);
      try {
        const result = await send(values);
        if (isMounted()) onDone?.(result);
        setAttempt(attemptOf(event, {}));
      } catch (error) {
        if (!isMounted()) return tellError(error, failed);
        const { atFields, above } = formErrors(error, Object.keys(values));
        form.setErrors(atFields);
        setFailure(above);
        setAttempt(attemptOf(event, atFields));
      } finally {
        sending.current = false;
        setSubmitting(false);
      }
    },
    (errors, _, event) => setAttempt(attemptOf(event, errors)),
  );
  return { onSubmit, submitting, failure };
}

function attemptOf(event: SyntheticEvent<HTMLFormElement> | undefined, errors: FormErrors): Attempt | null {
  return event?.target instanceof HTMLFormElement ? { form: event.target, errors } : null;
}

/** Goes to the first field with a fault, so that it is also heard and can be mended at once. */
function findFocus({ form, errors }: Attempt): void {
  // In this form: another one on the page may have a field of the same name.
  const fields = [...form.querySelectorAll<HTMLElement>('[data-path]')];
  const faulty = fields.find(({ dataset }) => dataset['path'] && errors[dataset['path']]);
  if (faulty) faulty.focus();
  // The button was disabled, or hidden, and has lost the focus by that.
  else if (document.activeElement === document.body) {
    form.querySelector<HTMLElement>('[type=submit]')?.focus();
  }
}
