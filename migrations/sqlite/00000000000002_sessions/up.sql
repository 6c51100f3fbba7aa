-- A session that was ended has no row. One that ran out may keep its row for a while; it is never used again.
CREATE TABLE sessions (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    user_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Which refresh token is the current one.
    generation INTEGER NOT NULL CHECK (generation >= 0),
    -- When the generation last advanced; null until the first refresh.
    advanced_at INTEGER,
    -- Whether the client has shown a token of this generation.
    successor_seen INTEGER NOT NULL CHECK (successor_seen IN (0, 1)),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
