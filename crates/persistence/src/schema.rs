//! The tables, for both databases. Kept by hand, in the column order of the migrations, since ids and instants have
//! SQL types of ours; a test compares it with what the migrations make.

diesel::table! {
    use diesel::sql_types::{Bool, Nullable, Text};
    use crate::types::{Id, Instant};

    users (id) {
        id -> Id,
        email -> Text,
        pending_email -> Nullable<Text>,
        password_hash -> Text,
        full_name -> Nullable<Text>,
        role -> Text,
        is_active -> Bool,
        email_verified -> Bool,
        created_at -> Instant,
        updated_at -> Instant,
        deleted_at -> Nullable<Instant>,
        email_folded -> Text,
        full_name_folded -> Nullable<Text>,
        search_text -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::{Bool, Integer, Nullable};
    use crate::types::{Id, Instant};

    sessions (id) {
        id -> Id,
        user_id -> Id,
        generation -> Integer,
        advanced_at -> Nullable<Instant>,
        successor_seen -> Bool,
        created_at -> Instant,
        last_used_at -> Instant,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Id, Instant};

    items (id) {
        id -> Id,
        owner_id -> Id,
        title -> Text,
        description -> Nullable<Text>,
        price -> Nullable<BigInt>,
        created_at -> Instant,
        updated_at -> Instant,
        title_folded -> Text,
        search_text -> Text,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, sessions, items);
