-- The text of a token is derived from its id under a key, and stored nowhere; its SHA-256 finds the row.
CREATE TABLE one_time_tokens (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL CHECK (purpose IN ('verify_email', 'reset_password')),
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    -- Where it was sent, which using it proves.
    email TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- A newer one takes the place of the older.
CREATE UNIQUE INDEX one_time_tokens_user_id_purpose_key ON one_time_tokens (user_id, purpose);
CREATE UNIQUE INDEX one_time_tokens_digest_key ON one_time_tokens (digest);
CREATE INDEX one_time_tokens_expires_at_idx ON one_time_tokens (expires_at);
