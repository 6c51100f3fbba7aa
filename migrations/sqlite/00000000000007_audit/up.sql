-- Who did what to whom. The accounts are not foreign keys: one may be removed for good, by hand, and its entries stay.
CREATE TABLE audit (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    created_at INTEGER NOT NULL,
    event TEXT NOT NULL,
    actor_id BLOB CHECK (length(actor_id) = 16),
    user_id BLOB CHECK (length(user_id) = 16),
    ip TEXT,
    user_agent TEXT,
    request_id TEXT NOT NULL,
    -- Names and values as a JSON object.
    details TEXT NOT NULL
) STRICT;

CREATE INDEX audit_created_at_idx ON audit (created_at, id);
CREATE INDEX audit_event_created_at_idx ON audit (event, created_at, id);
CREATE INDEX audit_actor_id_created_at_idx ON audit (actor_id, created_at, id);
CREATE INDEX audit_user_id_created_at_idx ON audit (user_id, created_at, id);
