'use client';

/**
 * React bindings: who is signed in, routes for those who are, and a realtime connection that keeps queries fresh.
 *
 * @packageDocumentation
 */
export { AuthProvider, type AuthProviderProps } from './auth-provider.js';
export type { Auth, AuthStatus } from './context.js';
export { type LiveConnection, type UseRealtimeOptions, useAuth, usePlinth, useRealtime } from './hooks.js';
export { ProtectedRoute, type ProtectedRouteProps } from './protected-route.js';
