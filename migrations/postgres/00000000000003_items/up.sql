-- Prices are whole hundredths.
CREATE TABLE items (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title text NOT NULL,
    description text,
    price bigint CHECK (price BETWEEN 0 AND 999999999999),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- Folded by us and ordered by code point, since both depend on the cluster's locale otherwise.
    title_folded text COLLATE "C" NOT NULL,
    search_text text COLLATE "C" NOT NULL
);

-- One for each order, of one's own items and of everybody's.
CREATE INDEX items_owner_id_created_at_idx ON items (owner_id, created_at, id);
CREATE INDEX items_owner_id_updated_at_idx ON items (owner_id, updated_at, id);
CREATE INDEX items_owner_id_title_folded_idx ON items (owner_id, title_folded, id);
CREATE INDEX items_owner_id_price_idx ON items (owner_id, price, id);
CREATE INDEX items_created_at_idx ON items (created_at, id);
CREATE INDEX items_updated_at_idx ON items (updated_at, id);
CREATE INDEX items_title_folded_idx ON items (title_folded, id);
CREATE INDEX items_price_idx ON items (price, id);
