-- Prices are whole hundredths.
CREATE TABLE items (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    owner_id BLOB NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    description TEXT,
    price INTEGER CHECK (price BETWEEN 0 AND 999999999999),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    -- Folded by us, since SQLite's own lower() knows ASCII only: what lists sort by and search.
    title_folded TEXT NOT NULL,
    search_text TEXT NOT NULL
) STRICT;

-- One for each order, of one's own items and of everybody's.
CREATE INDEX items_owner_id_created_at_idx ON items (owner_id, created_at, id);
CREATE INDEX items_owner_id_updated_at_idx ON items (owner_id, updated_at, id);
CREATE INDEX items_owner_id_title_folded_idx ON items (owner_id, title_folded, id);
CREATE INDEX items_owner_id_price_idx ON items (owner_id, price, id);
CREATE INDEX items_created_at_idx ON items (created_at, id);
CREATE INDEX items_updated_at_idx ON items (updated_at, id);
CREATE INDEX items_title_folded_idx ON items (title_folded, id);
CREATE INDEX items_price_idx ON items (price, id);
