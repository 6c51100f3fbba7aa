//! What is stored comes back as it was, and what must not be stored is refused by name.

use plinth_domain::{Description, Email, FullName, ItemId, Price, Role, Timestamp, UserId};
use plinth_persistence::{Error, UniqueKey, items, sessions, users};
use plinth_testing::on_both;
use uuid::Uuid;

use crate::support::{
    at, count, execute, item, lines, session, somebody, store_item, store_session, store_user, user,
};

on_both! {
    fn a_user_comes_back_to_the_microsecond(db) {
        let mut ada = user("ada");
        ada.pending_email = Some(Email::parse("ådá@exämple.com").unwrap());
        ada.full_name = Some(FullName::parse("Ada 🦀 ‘%_\\’ Lovelace").unwrap());
        ada.role = Role::Editor;
        ada.is_active = false;
        ada.email_verified = true;
        for (n, micros) in [0, 1, 999_999, -1_790_000_000_123_457, 100_000_000_000_000_001].into_iter().enumerate() {
            let stored = plinth_domain::User {
                id: UserId::from(Uuid::from_u128(n as u128)),
                email: Email::parse(&format!("ada{n}@example.com")).unwrap(),
                created_at: at(micros),
                updated_at: at(micros + 1),
                ..ada.clone()
            };
            store_user(&db, &stored).unwrap();
            let id = stored.id;
            assert_eq!(db.read(move |c| users::find(c, id)).unwrap(), stored);
            let email = stored.email.clone();
            let found = db.read(move |c| users::find_with_hash_by_email(c, &email)).unwrap();
            assert_eq!(found, (stored, "a hash".to_owned()));
        }
    }

    fn an_item_comes_back_to_the_microsecond(db) {
        let ada = somebody(&db, "ada");
        let mut lamp = item(&ada, "Lamp");
        store_item(&db, &lamp).unwrap();
        let id = lamp.id;
        assert_eq!(db.read(move |c| items::find(c, id)).unwrap(), lamp);
        lamp.id = ItemId::from(Uuid::from_u128(u128::MAX));
        lamp.description = Some(Description::parse(" two\nlines \u{1f}").unwrap());
        lamp.price = Price::from_hundredths(Price::MAX_HUNDREDTHS);
        lamp.created_at = Timestamp::from_micros(-62_167_219_200_000_000).unwrap();
        lamp.updated_at = Timestamp::from_micros(253_402_300_799_999_999).unwrap();
        store_item(&db, &lamp).unwrap();
        let id = lamp.id;
        assert_eq!(db.read(move |c| items::find(c, id)).unwrap(), lamp);
    }

    fn a_hash_is_read_and_replaced(db) {
        let ada = somebody(&db, "ada").id;
        assert_eq!(db.read(move |c| users::password_hash(c, ada)).unwrap(), "a hash");
        db.write(move |c| users::set_password_hash(c, ada, "another")).unwrap();
        assert_eq!(db.read(move |c| users::password_hash(c, ada)).unwrap(), "another");
    }

    fn what_is_not_there_is_not_found(db) {
        let ada = somebody(&db, "ada");
        let nobody = user("nobody");
        let id = nobody.id;
        let thing = item(&ada, "Lamp");
        let thing_id = thing.id;
        let gone = session(&ada).id;
        let email = nobody.email.clone();
        let missing: [Result<(), Error>; 11] = [
            db.read(move |c| users::find(c, id).map(drop)),
            db.write(move |c| users::find_for_change(c, id).map(drop)),
            db.write(move |c| users::find_even_deleted_for_change(c, id).map(drop)),
            db.read(move |c| users::find_with_hash_by_email(c, &email).map(drop)),
            db.read(move |c| users::password_hash(c, id).map(drop)),
            db.write(move |c| users::set_password_hash(c, id, "x")),
            db.write(move |c| users::update(c, nobody, at(1)).map(drop)),
            db.read(move |c| items::find(c, thing_id).map(drop)),
            db.write(move |c| items::update(c, thing, at(1)).map(drop)),
            db.write(move |c| items::delete(c, thing_id)),
            db.write(move |c| sessions::end(c, gone)),
        ];
        for (n, result) in missing.into_iter().enumerate() {
            assert!(matches!(result, Err(Error::NotFound)), "{n}: {result:?}");
        }
        assert_eq!(count(&db, "users"), 1);
    }

    fn a_row_refers_to_one_that_exists(db) {
        let nobody = user("nobody");
        assert!(matches!(store_item(&db, &item(&nobody, "Lamp")), Err(Error::ForeignKey)));
        assert!(matches!(store_session(&db, &session(&nobody)), Err(Error::ForeignKey)));
        assert_eq!((count(&db, "items"), count(&db, "sessions")), (0, 0));
    }

    fn an_id_is_taken_once(db) {
        let ada = somebody(&db, "ada");
        let again = plinth_domain::User { email: Email::parse("other@example.com").unwrap(), ..ada.clone() };
        assert!(matches!(store_user(&db, &again), Err(Error::Conflict(UniqueKey::Other))));
        let lamp = item(&ada, "Lamp");
        store_item(&db, &lamp).unwrap();
        assert!(matches!(store_item(&db, &lamp), Err(Error::Conflict(UniqueKey::Other))));
    }

    fn versions_of_a_row_never_share_an_instant(db) {
        let mut ada = somebody(&db, "ada");
        let mut lamp = item(&ada, "Lamp");
        store_item(&db, &lamp).unwrap();
        // The clock stands, goes back and runs on.
        for (now, then) in [(at(0), at(1)), (at(0), at(2)), (at(-5_000_000), at(3)), (at(3), at(4)), (at(900), at(900))] {
            ada = db.write(move |c| users::update(c, ada, now)).unwrap();
            lamp = db.write(move |c| items::update(c, lamp, now)).unwrap();
            let (user_id, item_id) = (ada.id, lamp.id);
            assert_eq!((ada.updated_at, lamp.updated_at), (then, then));
            assert_eq!(db.read(move |c| users::find(c, user_id)).unwrap(), ada);
            assert_eq!(db.read(move |c| items::find(c, item_id)).unwrap(), lamp);
        }
    }

    fn an_update_clears_what_became_missing(db) {
        let mut ada = crate::support::named("ada", "Ada");
        ada.pending_email = Some(Email::parse("new@example.com").unwrap());
        store_user(&db, &ada).unwrap();
        (ada.full_name, ada.pending_email) = (None, None);
        let ada = db.write(move |c| users::update(c, ada, at(1))).unwrap();
        let id = ada.id;
        assert_eq!(db.read(move |c| users::find(c, id)).unwrap(), ada);

        let mut lamp = item(&ada, "Lamp");
        lamp.description = Some(Description::parse("Brass").unwrap());
        lamp.price = Price::from_hundredths(5);
        store_item(&db, &lamp).unwrap();
        (lamp.description, lamp.price) = (None, None);
        let lamp = db.write(move |c| items::update(c, lamp, at(1))).unwrap();
        let id = lamp.id;
        assert_eq!(db.read(move |c| items::find(c, id)).unwrap(), lamp);
    }

    fn a_deleted_item_is_gone(db) {
        let ada = somebody(&db, "ada");
        let (lamp, rug) = (item(&ada, "Lamp"), item(&ada, "Rug"));
        store_item(&db, &lamp).unwrap();
        store_item(&db, &rug).unwrap();
        db.write(move |c| items::delete(c, lamp.id)).unwrap();
        assert!(matches!(db.read(move |c| items::find(c, lamp.id)), Err(Error::NotFound)));
        assert_eq!(db.read(move |c| items::find(c, rug.id)).unwrap(), rug);
    }

    /// The tables themselves refuse what the domain's types do not let through.
    fn the_tables_hold_the_rules_too(db) {
        let ada = somebody(&db, "ada");
        store_item(&db, &item(&ada, "Lamp")).unwrap();
        store_session(&db, &session(&ada)).unwrap();
        for refused in [
            "UPDATE users SET role = 'owner'",
            "UPDATE users SET full_name = 'Ada'",
            "UPDATE users SET email = NULL",
            "UPDATE items SET price = -1",
            "UPDATE items SET price = 1000000000000",
            "UPDATE items SET title = NULL",
            "UPDATE sessions SET generation = -1",
        ] {
            let result = db.write(move |c| execute(c, refused));
            assert!(matches!(result, Err(Error::Unexpected(_))), "{refused}: {result:?}");
        }
    }

    fn what_no_version_writes_is_inconsistent(db) {
        let ada = somebody(&db, "ada").id;
        // A constraint keeps such a role out, so it has to go first.
        let lift = if db.is_postgres() { "ALTER TABLE users DROP CONSTRAINT users_role_check" } else { "PRAGMA ignore_check_constraints = ON" };
        db.write(move |c| { execute(c, lift)?; execute(c, "UPDATE users SET role = 'owner'") }).unwrap();
        assert_eq!(lines(&db, "SELECT role AS line FROM users"), ["owner"]);
        let found = db.read(move |c| users::find(c, ada));
        assert!(matches!(found, Err(Error::Inconsistent(_))), "{found:?}");
    }
}
