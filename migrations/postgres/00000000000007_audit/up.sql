-- Who did what to whom. The accounts are not foreign keys: one may be removed for good, by hand, and its entries stay.
CREATE TABLE audit (
    id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL,
    event text COLLATE "C" NOT NULL,
    actor_id uuid,
    user_id uuid,
    ip text,
    user_agent text,
    request_id text NOT NULL,
    -- Names and values as a JSON object.
    details text NOT NULL
);

CREATE INDEX audit_created_at_idx ON audit (created_at, id);
CREATE INDEX audit_event_created_at_idx ON audit (event, created_at, id);
CREATE INDEX audit_actor_id_created_at_idx ON audit (actor_id, created_at, id);
CREATE INDEX audit_user_id_created_at_idx ON audit (user_id, created_at, id);
