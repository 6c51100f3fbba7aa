import type { FieldError, Problem, ProblemCode } from './generated/types.gen.js';

/**
 * What an operation throws when the server refuses it: the members of the problem document (RFC 9457), and the answer
 * that it came in. `message` is `detail`, a sentence that can be shown.
 */
export class ProblemError extends Error implements Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** `urn:request:` and the id under which the server's log has the request. */
  readonly instance: string;
  /** What is wrong, for programs. */
  readonly code: string;
  /** With the status 422: every field that is wrong. */
  readonly errors?: Array<FieldError>;
  /** The answer. Its body has been read. */
  readonly response: Response;

  constructor(problem: Problem, response: Response) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.type = problem.type;
    this.title = problem.title;
    this.status = problem.status;
    this.detail = problem.detail;
    this.instance = problem.instance;
    this.code = problem.code;
    if (problem.errors) this.errors = problem.errors;
    this.response = response;
  }

  /** How long the server asks to wait before trying again, in seconds (RFC 9110 §10.2.3), where it says so. */
  get retryAfter(): number | undefined {
    const seconds = Number(this.response.headers.get('retry-after') ?? Number.NaN);
    return Number.isFinite(seconds) ? seconds : undefined;
  }
}

/** The codes that the server has, and `unexpected_answer` for an answer that is not its own, such as a proxy's page. */
export type KnownCode = ProblemCode | 'unexpected_answer';

/**
 * Whether this was thrown because the server refused the request; with codes, whether for one of these reasons.
 *
 * ```ts
 * if (isProblem(error, 'email_taken')) …
 * ```
 */
export function isProblem(error: unknown): error is ProblemError;
export function isProblem<Code extends KnownCode>(
  error: unknown,
  ...codes: Array<Code>
): error is ProblemError & { readonly code: Code };
export function isProblem(error: unknown, ...codes: Array<string>): boolean {
  if (!(error instanceof ProblemError)) return false;
  return codes.length === 0 || codes.some((code) => code === error.code);
}

/**
 * What is wrong with each field, by the field's name in the body or the query string: `{ email: 'must be …' }`. Empty
 * for anything else. Of several faults of one field the first is told.
 */
export function fieldErrors(error: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  if (!isProblem(error)) return found;
  for (const { pointer, detail } of error.errors ?? []) {
    // RFC 6901 §4: ~1 stands for a slash, ~0 for a tilde.
    const name = pointer
      .replace(/^(query)?\//, '')
      .replaceAll('~1', '/')
      .replaceAll('~0', '~');
    // Not `??=`, for which what every object inherits is there.
    if (!Object.hasOwn(found, name)) found[name] = detail;
  }
  return found;
}

/** What is thrown for an answer that is no success. What no server of ours has made, such as a proxy's page, too. */
export function toProblemError(body: unknown, response: Response): ProblemError {
  if (isProblemDocument(body)) return new ProblemError(body, response);
  const title = response.statusText || `HTTP ${response.status}`;
  // Of these a proxy says that there is nobody behind it (RFC 9110 §15.6.3 to §15.6.5).
  const away = [502, 503, 504].includes(response.status);
  const detail = `${away ? 'The server cannot be reached' : "The server's answer was not understood"} (${title}).`;
  const instance = `urn:request:${response.headers.get('x-request-id') ?? 'unknown'}`;
  return new ProblemError(
    { type: 'about:blank', title, status: response.status, detail, instance, code: 'unexpected_answer' },
    response,
  );
}

function isProblemDocument(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'code' in body && 'detail' in body && 'status' in body;
}
