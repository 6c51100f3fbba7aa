import { expect, test } from 'vitest';
import { memoryTokens, type OtherEvent } from '../src/index.js';
import { useRealtime } from '../src/react/index.js';
import { render } from './support/app.js';
import { connect } from './support/client.js';
import { recordedSockets } from './support/live.js';
import { newPerson } from './support/people.js';
import { BASE } from './support/servers.js';

test('components are told of events that the client does not know, as of the others', async () => {
  const { sockets, webSocket } = recordedSockets();
  const ada = connect(BASE, { tokens: memoryTokens(), webSocket });
  await ada.session.signIn(await newPerson(BASE));
  const told: Array<OtherEvent> = [];
  function Projects() {
    const { status } = useRealtime({ onOtherEvent: (event) => told.push(event) });
    return <p>{status}</p>;
  }
  const { page } = render(ada, <Projects />);
  await expect.poll(() => page.textContent).toBe('open');
  const event = { event: 'project.created', seq: Date.now() * 1000, project: { id: '1' } };
  sockets.at(-1)?.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(event) }));
  expect(told).toEqual([event]);
});
