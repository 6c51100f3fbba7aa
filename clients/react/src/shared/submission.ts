import type { FormErrors, UseFormReturnType } from '@mantine/form';
import { type FormEvent, type SyntheticEvent, useEffect, useState } from 'react';
import { formErrors } from './errors';

/** Sending a form: what it is sent with, whether it is on its way, and what is wrong with it as a whole. */
export interface Submission {
  readonly onSubmit: (event?: FormEvent<HTMLFormElement>) => void;
  readonly submitting: boolean;
  readonly failure: string | null;
}

/** A form that was not sent, or refused. */
interface Refused {
  readonly form: HTMLFormElement;
  readonly errors: FormErrors;
}

/** Sends a form with `send`; what the server refuses appears at its field, or in `failure`. */
export function useSubmission<Values extends Record<string, unknown>>(
  form: UseFormReturnType<Values>,
  send: (values: Values) => Promise<void>,
): Submission {
  const [submitting, setSubmitting] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  const [refused, setRefused] = useState<Refused | null>(null);
  // Not before it is drawn: while it was on its way the form may have been hidden.
  useEffect(() => {
    if (refused) focusFault(refused);
  }, [refused]);
  const onSubmit = form.onSubmit(
    async (values, event) => {
      setSubmitting(true);
      setFailure(null);
      try {
        await send(values);
      } catch (error) {
        const { atFields, above } = formErrors(error, Object.keys(values));
        form.setErrors(atFields);
        setFailure(above);
        setRefused(refusal(event, atFields));
      } finally {
        setSubmitting(false);
      }
    },
    (errors, _, event) => setRefused(refusal(event, errors)),
  );
  return { onSubmit, submitting, failure };
}

function refusal(event: SyntheticEvent<HTMLFormElement> | undefined, errors: FormErrors): Refused | null {
  return event?.target instanceof HTMLFormElement ? { form: event.target, errors } : null;
}

/** Goes to the first field with a fault, so that it is also heard and can be mended at once. */
function focusFault({ form, errors }: Refused): void {
  // In this form: another one on the page may have a field of the same name.
  const fields = [...form.querySelectorAll<HTMLElement>('[data-path]')];
  const faulty = fields.find(({ dataset }) => dataset['path'] && errors[dataset['path']]);
  if (faulty) faulty.focus();
  // The button was disabled, or hidden, and has lost the focus by that.
  else if (document.activeElement === document.body) {
    form.querySelector<HTMLElement>('[type=submit]')?.focus();
  }
}
