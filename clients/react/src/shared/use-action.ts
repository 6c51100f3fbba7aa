import { useMutation } from '@tanstack/react-query';
import { tellError } from './notify';
import { useIsMounted } from './use-is-mounted';

/**
 * Something that a dialog does. Its failure is the dialog's to show; if that is closed by then, a notice tells it, under
 * the title `failed`. What is given to `mutate` as `onSuccess` is not called any more then.
 */
export function useAction<Result>(action: () => Promise<Result>, failed?: string) {
  const isMounted = useIsMounted();
  return useMutation({
    mutationFn: action,
    onError: (error) => {
      if (!isMounted()) tellError(error, failed);
    },
  });
}
