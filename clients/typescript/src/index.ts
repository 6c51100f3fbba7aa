/**
 * The client of a Plinth server. {@link createPlinth} sets it up; the operations are functions, one for each of the
 * server's (`listItems`, `createItem`, …), generated from its OpenAPI document.
 *
 * @packageDocumentation
 */

export type { Frame, Message, OtherEvent, Refusal, ServerEvent } from './frames.js';
export { type Client, createClient, createConfig } from './generated/client/index.js';
export * from './generated/index.js';
export { createPlinth, type Plinth, type PlinthOptions } from './plinth.js';
export { fieldErrors, isProblem, type KnownCode, ProblemError } from './problem.js';
export type { Realtime, RealtimeOptions, RealtimeStatus, WebSocketLike } from './realtime.js';
export { AuthSession, type Credentials } from './session.js';
export { browserTokens, memoryTokens, type StoredTokens, type TokenStore } from './tokens.js';
