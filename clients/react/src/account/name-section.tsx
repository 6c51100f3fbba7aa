import { Button, Group, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { User } from '@plinth/client';
import { FormAlert } from '../shared/form-alert';
import { tell } from '../shared/notify';
import { useSubmission } from '../shared/submission';
import { Section } from './section';
import { useUpdateMe } from './use-update-me';

/** Changes one's name. */
export function NameSection({ user }: { readonly user: User }) {
  const update = useUpdateMe();
  const form = useForm({ mode: 'uncontrolled', initialValues: { full_name: user.full_name ?? '' } });
  const { onSubmit, submitting, failure } = useSubmission(form, async ({ full_name }) => {
    const changed = await update({ full_name: full_name.trim() || null });
    form.setValues({ full_name: changed.full_name ?? '' });
    tell('Your name is saved.');
  });
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
