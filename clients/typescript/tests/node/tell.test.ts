import { afterEach, expect, test, vi } from 'vitest';
import { tell } from '../../src/tell.js';

afterEach(() => vi.unstubAllGlobals());

const error = new Error('of the app');
const listener = () => {
  throw error;
};

test('what a listener throws is reported, where errors can be', () => {
  const reportError = vi.fn();
  vi.stubGlobal('reportError', reportError);
  tell(listener);
  expect(reportError).toHaveBeenCalledExactlyOnceWith(error);
});

test('elsewhere it is an uncaught exception, after what is being done', () => {
  const later: Array<() => void> = [];
  vi.stubGlobal('reportError', undefined);
  vi.stubGlobal('queueMicrotask', (work: () => void) => later.push(work));
  tell(listener);
  expect(later).toHaveLength(1);
  expect(later[0]).toThrow(error);
});
