import { CloseButton, TextInput, type TextInputProps } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useRef } from 'react';
import { useDebouncedText } from './use-debounced-text';

/** How long somebody has to stop typing before a search begins, in milliseconds. */
const PAUSE = 300;

interface SearchInputProps extends Pick<TextInputProps, 'label' | 'aria-label' | 'placeholder' | 'flex'> {
  /** What is searched for. */
  readonly value: string;
  readonly onSearch: (value: string) => void;
}

/** A field that searches while somebody types, though not at every key. */
export function SearchInput({ value, onSearch, ...input }: SearchInputProps) {
  const field = useRef<HTMLInputElement>(null);
  const { text, type, clear, flush } = useDebouncedText(value, onSearch, PAUSE);
  const startOver = () => {
    clear();
    // The cross goes away with the text.
    field.current?.focus();
  };
  return (
    <TextInput
      {...input}
      ref={field}
      type="search"
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={text && <CloseButton size="sm" aria-label="Clear the search" onClick={startOver} />}
      // The browser's own cross would be a second one.
      styles={{ input: { appearance: 'none' } }}
      dir="auto"
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      onBlur={flush}
    />
  );
}
