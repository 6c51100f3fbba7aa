-- Mail that is on its way out. A row is written with the change that it tells of, and goes once it was handed over.
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    recipient text COLLATE "C" NOT NULL,
    -- Null where the account is looked up by the recipient when it is sent.
    user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    new_email text COLLATE "C",
    token_id uuid,
    created_at timestamptz NOT NULL,
    attempts integer NOT NULL CHECK (attempts >= 0),
    -- When it is due: the next attempt, or the end of the lease of the worker that has it.
    due_at timestamptz NOT NULL,
    -- When it was given up, with the reason.
    dead_at timestamptz,
    last_error text
);

CREATE INDEX outbox_due_at_idx ON outbox (due_at) WHERE dead_at IS NULL;
CREATE INDEX outbox_dead_at_idx ON outbox (dead_at) WHERE dead_at IS NOT NULL;
CREATE INDEX outbox_user_id_idx ON outbox (user_id);
CREATE INDEX outbox_recipient_idx ON outbox (recipient);
