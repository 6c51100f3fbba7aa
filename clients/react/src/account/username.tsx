/** Tells password managers whose password a form is about. Nobody sees it. */
export function Username({ email }: { readonly email: string }) {
  return <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />;
}
