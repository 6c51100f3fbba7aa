import { Button, Text } from '@mantine/core';
import { useMergedRef, useResizeObserver } from '@mantine/hooks';
import { useEffect, useRef, useState } from 'react';

/** A text of three lines at most, unless it is asked for all of it. `of` names what it describes. */
export function Description({ of, text }: { readonly of: string; readonly text: string }) {
  const [all, setAll] = useState(false);
  const [cut, setCut] = useState(false);
  const element = useRef<HTMLParagraphElement>(null);
  const [observed, { width }] = useResizeObserver<HTMLParagraphElement>();
  const ref = useMergedRef(element, observed);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height depends on the text and on the width.
  useEffect(() => {
    if (element.current && !all) setCut(element.current.scrollHeight > element.current.clientHeight + 1);
  }, [all, text, width]);
  return (
    <div>
      <Text ref={ref} dir="auto" size="sm" style={{ whiteSpace: 'pre-wrap' }} {...(!all && { lineClamp: 3 })}>
        {text}
      </Text>
      {cut && (
        <Button
          variant="subtle"
          size="compact-sm"
          ml={-8}
          aria-label={all ? `Show less of ${of}` : `Show all of ${of}`}
          onClick={() => setAll(!all)}
        >
          {all ? 'Show less' : 'Show all'}
        </Button>
      )}
    </div>
  );
}
