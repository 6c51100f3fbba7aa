import { describe, expect, test } from 'vitest';
import { readFrame } from '../../src/frames.js';

/** What the server would send. */
function read(frame: unknown) {
  return readFrame(JSON.stringify(frame));
}

describe('a frame', () => {
  test.each(['item.created', 'item.updated', 'item.deleted', 'user.updated', 'user.deleted'])(
    'is the event %s',
    (event) => {
      const frame = { event, item: { id: '1' }, seq: 1 };
      expect(read(frame)).toEqual({ kind: 'event', event: frame });
    },
  );

  test.each(['project.created', 'item.lit', 'toString'])('is the event %s, which is another', (event) => {
    const frame = { event, project: { id: '1' }, seq: 7 };
    expect(read(frame)).toEqual({ kind: 'other', event: frame });
  });

  test('is a resync', () => {
    expect(read({ event: 'resync', seq: 7 })).toEqual({ kind: 'resync', seq: 7 });
  });

  test('is a message', () => {
    const message = { from: '1', text: 'Tea?' };
    expect(read(message)).toEqual({ kind: 'message', message });
  });

  test('is a refusal', () => {
    const error = { code: 'invalid_json', detail: 'No.' };
    expect(read({ error })).toEqual({ kind: 'refusal', refusal: error });
  });

  test.each([
    { event: 'project.created' },
    { event: 'project.created', seq: '7' },
    { event: 7, seq: 7 },
    { seq: 7 },
    { joined: 'kitchen' },
    { error: 'no' },
    [],
    null,
  ])('is nothing of the kind: %j', (frame) => {
    expect(read(frame)).toBeUndefined();
  });
});
