import { NumberInput, Textarea, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import type { Draft } from './draft';
import { DECIMAL_SEPARATOR } from './format';

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
        key={form.key('title')}
        {...form.getInputProps('title')}
      />
      <Textarea
        label="Description"
        autosize
        minRows={2}
        maxRows={12}
        key={form.key('description')}
        {...form.getInputProps('description')}
      />
      <NumberInput
        label="Price"
        inputMode="decimal"
        decimalScale={2}
        decimalSeparator={DECIMAL_SEPARATOR}
        allowedDecimalSeparators={['.', ',']}
        allowNegative={false}
        // Too large a number is told, not changed into another one.
        clampBehavior="none"
        hideControls
        autoComplete="off"
        maw={260}
        key={form.key('price')}
        {...form.getInputProps('price')}
      />
    </>
  );
}
