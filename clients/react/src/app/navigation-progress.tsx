import { useNavigation } from 'react-router';

/** A line at the top of the window while the next page is loaded. */
export function NavigationProgress() {
  const { state } = useNavigation();
  if (state === 'idle') return null;
  return <div className="navigation-progress" role="progressbar" aria-label="Loading the page" />;
}
