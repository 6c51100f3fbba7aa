-- A session that was ended has no row. One that ran out may keep its row for a while; it is never used again.
CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    -- Which refresh token is the current one.
    generation integer NOT NULL CHECK (generation >= 0),
    -- When the generation last advanced; null until the first refresh.
    advanced_at timestamptz,
    -- Whether the client has shown a token of this generation.
    successor_seen boolean NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
