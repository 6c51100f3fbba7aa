import { Button, Group, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { User } from '@plinth/client';
import { useEffect } from 'react';
import { FormAlert } from '../shared/form-alert';
import { tell } from '../shared/notify';
import { useSubmission } from '../shared/submission';
import { Section } from './section';
import { useUpdateMe } from './use-update-me';

/** Changes one's name. */
export function NameSection({ user }: { readonly user: User }) {
  const update = useUpdateMe();
  const saved = user.full_name ?? '';
  const form = useForm({ mode: 'uncontrolled', initialValues: { full_name: saved } });
  // Changed elsewhere: it is taken over, unless something else has been typed.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the name alone counts.
  useEffect(() => {
    const typed = form.isDirty();
    // First: whether something was typed is judged by these.
    form.setInitialValues({ full_name: saved });
    if (!typed) form.setValues({ full_name: saved });
  }, [saved]);
  const { onSubmit, submitting, failure } = useSubmission(
    form,
    async ({ full_name }) => {
      // What nobody changed is not sent: it may have been changed elsewhere by now.
      if (form.isDirty()) {
        const changed = await update.mutateAsync({ body: { full_name: full_name.trim() || null } });
        const name = { full_name: changed.full_name ?? '' };
        form.setInitialValues(name);
        // Unless somebody has gone on typing.
        if (form.getValues().full_name === full_name) form.setValues(name);
      }
      tell('Your name is saved.');
    },
    { failed: 'Your name was not saved' },
  );
  return (
    <Section title="Name" description="How you appear to others. Without one they see your email.">
      <form onSubmit={onSubmit} noValidate>
        <FormAlert message={failure} />
        <TextInput
          label="Full name"
          autoComplete="name"
          key={form.key('full_name')}
          {...form.getInputProps('full_name')}
        />
        <Group mt="md">
          <Button type="submit" loading={submitting}>
            Save name
          </Button>
        </Group>
      </form>
    </Section>
  );
}
