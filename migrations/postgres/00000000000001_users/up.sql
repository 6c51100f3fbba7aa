CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text COLLATE "C" NOT NULL,
    pending_email text COLLATE "C",
    password_hash text NOT NULL,
    full_name text,
    role text NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    is_active boolean NOT NULL,
    email_verified boolean NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    -- Folded by us and ordered by code point, since both depend on the cluster's locale otherwise.
    email_folded text COLLATE "C" NOT NULL,
    full_name_folded text COLLATE "C" CHECK ((full_name_folded IS NULL) = (full_name IS NULL)),
    search_text text COLLATE "C" NOT NULL
);

-- A deleted user's address is free again.
CREATE UNIQUE INDEX users_email_key ON users (email) WHERE deleted_at IS NULL;

-- Without the searched text, which may be longer than an index entry can be.
CREATE INDEX users_created_at_idx ON users (created_at, id);
CREATE INDEX users_email_folded_idx ON users (email_folded, id);
CREATE INDEX users_full_name_folded_idx ON users (full_name_folded, id);
-- For counting.
CREATE INDEX users_deleted_at_idx ON users (deleted_at, role, is_active);
