/** The administrator that every server under test begins with. */
export const ADMIN = { email: 'admin@example.com', password: 'correct horse battery 1' } as const;

/** What the servers under test sign with, so that a test can make an access token that soon expires. */
export const SECRET_KEY = 'only for tests: thirty-two bytes or more';
