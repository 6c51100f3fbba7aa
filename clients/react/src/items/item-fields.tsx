import { Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Draft } from './draft';

/** The fields of an item. */
export function ItemFields({ form }: { readonly form: UseFormReturnType<Draft> }) {
  return (
    <>
      <TextInput
        label="Title"
        withAsterisk
        required
        autoFocus
        data-autofocus
        autoComplete="off"
        dir="auto"
        key={form.key('title')}
        {...form.getInputProps('title')}
      />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        maxRows={12}
        dir="auto"
        key={form.key('description')}
        {...form.getInputProps('description')}
      />
      {/* Text: a field for numbers would turn what it does not understand into another number. */}
      <TextInput
        label="Price"
        inputMode="decimal"
        autoComplete="off"
        maw={260}
        key={form.key('price')}
        {...form.getInputProps('price')}
      />
    </>
  );
}
