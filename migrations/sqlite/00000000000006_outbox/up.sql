-- Mail that is on its way out. A row is written with the change that it tells of, and goes once it was handed over.
CREATE TABLE outbox (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    kind TEXT NOT NULL,
    recipient TEXT NOT NULL,
    -- Null where the account is looked up by the recipient when it is sent.
    user_id BLOB REFERENCES users (id) ON DELETE CASCADE,
    new_email TEXT,
    token_id BLOB CHECK (length(token_id) = 16),
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    -- When it is due: the next attempt, or the end of the lease of the worker that has it.
    due_at INTEGER NOT NULL,
    -- When it was given up, with the reason.
    dead_at INTEGER,
    last_error TEXT
) STRICT;

CREATE INDEX outbox_due_at_idx ON outbox (due_at) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead_at_idx ON outbox (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_user_id_idx ON outbox (user_id);
CREATE INDEX outbox_recipient_idx ON outbox (recipient);
