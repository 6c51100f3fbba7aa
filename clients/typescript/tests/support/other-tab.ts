// Loaded by a page of its own, which gives it a global object of its own: another tab, for all that the client knows.
import * as client from '../../src/index.js';

declare global {
  interface Window {
    plinthClient?: typeof client;
  }
}

window.plinthClient = client;
