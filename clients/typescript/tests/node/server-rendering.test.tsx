import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { renderToString } from 'react-dom/server';
import { expect, inject, test } from 'vitest';
import { AuthProvider, ProtectedRoute } from '../../src/react/index.js';
import { connect } from '../support/client.js';

test('a server, which does not know who is signed in in the page, sends nobody to the login', () => {
  const app = (
    <QueryClientProvider client={new QueryClient()}>
      <AuthProvider plinth={connect(inject('plainServer'))}>
        <ProtectedRoute signedOut="login" loading="loading">
          home
        </ProtectedRoute>
      </AuthProvider>
    </QueryClientProvider>
  );
  expect(renderToString(app)).toBe('loading');
});
