-- Ids are 16-byte UUIDs, instants are microseconds since 1970 in UTC.
CREATE TABLE users (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    email TEXT NOT NULL,
    pending_email TEXT,
    password_hash TEXT NOT NULL,
    full_name TEXT,
    role TEXT NOT NULL CHECK (role IN ('viewer', 'editor', 'admin')),
    is_active INTEGER NOT NULL CHECK (is_active IN (0, 1)),
    email_verified INTEGER NOT NULL CHECK (email_verified IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    -- Folded by us, since SQLite's own lower() knows ASCII only: what lists sort by and search.
    email_folded TEXT NOT NULL,
    full_name_folded TEXT CHECK ((full_name_folded IS NULL) = (full_name IS NULL)),
    search_text TEXT NOT NULL
) STRICT;

-- A deleted user's address is free again.
CREATE UNIQUE INDEX users_email_key ON users (email) WHERE deleted_at IS NULL;

-- Filters stand in the indexes, so that a search reads an index and only the rows that it returns.
CREATE INDEX users_created_at_idx ON users (created_at, id, deleted_at, role, is_active, search_text);
CREATE INDEX users_email_folded_idx ON users (email_folded, id, deleted_at, role, is_active, search_text);
CREATE INDEX users_full_name_folded_idx ON users (full_name_folded, id, deleted_at, role, is_active, search_text);
-- For counting.
CREATE INDEX users_deleted_at_idx ON users (deleted_at, role, is_active, search_text);
