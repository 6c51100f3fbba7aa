import { PasswordInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';

/** What the dialogs that make and edit users have in common. */
export interface UserValues {
  readonly full_name: string;
  readonly email: string;
  readonly password: string;
}

interface UserFieldsProps<Values extends UserValues> {
  readonly form: UseFormReturnType<Values>;
  readonly passwordLabel: string;
  readonly passwordHint: string;
}

/** The fields of a user. None of them is for the browser to fill in: they are somebody else's. */
export function UserFields<Values extends UserValues>({
  form,
  passwordLabel,
  passwordHint,
}: UserFieldsProps<Values>) {
  return (
    <>
      <TextInput
        label="Full name"
        description="Optional"
        autoComplete="off"
        data-autofocus
        key={form.key('full_name')}
        {...form.getInputProps('full_name')}
      />
      <TextInput
        label="Email"
        type="email"
        autoComplete="off"
        key={form.key('email')}
        {...form.getInputProps('email')}
      />
      <PasswordInput
        label={passwordLabel}
        description={passwordHint}
        autoComplete="new-password"
        key={form.key('password')}
        {...form.getInputProps('password')}
      />
    </>
  );
}
