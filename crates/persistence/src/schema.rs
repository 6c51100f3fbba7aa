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
    use diesel::sql_types::{Bool, Integer, Nullable, Text};
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
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
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

diesel::table! {
    use diesel::sql_types::{Binary, Text};
    use crate::types::{Id, Instant};

    one_time_tokens (id) {
        id -> Id,
        user_id -> Id,
        purpose -> Text,
        digest -> Binary,
        email -> Text,
        created_at -> Instant,
        expires_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::{Integer, Nullable, Text};
    use crate::types::{Id, Instant};

    outbox (id) {
        id -> Id,
        kind -> Text,
        recipient -> Text,
        user_id -> Nullable<Id>,
        new_email -> Nullable<Text>,
        token_id -> Nullable<Id>,
        created_at -> Instant,
        attempts -> Integer,
        due_at -> Instant,
        dead_at -> Nullable<Instant>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::types::{Id, Instant};

    audit (id) {
        id -> Id,
        created_at -> Instant,
        event -> Text,
        actor_id -> Nullable<Id>,
        user_id -> Nullable<Id>,
        ip -> Nullable<Text>,
        user_agent -> Nullable<Text>,
        request_id -> Text,
        details -> Text,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(users, sessions, items, one_time_tokens, outbox, audit);
