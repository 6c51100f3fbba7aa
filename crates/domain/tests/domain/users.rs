//! Who may see and change whom, and whose items.

use plinth_domain::Role::{Admin, Editor, Viewer};
use plinth_domain::items::visible_owner;
use plinth_domain::users::Touches;
use plinth_domain::{Email, Forbidden, FullName, Item, ItemId, Role, Timestamp, Title, User, UserId};
use uuid::Uuid;

pub(crate) fn user(n: u128, role: Role) -> User {
    let at = Timestamp::from_micros(1_790_000_000_000_000).unwrap();
    User {
        id: UserId::from(Uuid::from_u128(n)),
        email: Email::parse(&format!("user{n}@example.com")).unwrap(),
        pending_email: None,
        full_name: Some(FullName::parse("Ada").unwrap()),
        role,
        is_active: true,
        email_verified: false,
        created_at: at,
        updated_at: at.next(),
        deleted_at: None,
    }
}

pub(crate) fn item(owner: &User) -> Item {
    Item {
        id: ItemId::from(Uuid::from_u128(99)),
        owner_id: owner.id,
        title: Title::parse("Lamp").unwrap(),
        description: None,
        price: None,
        created_at: owner.created_at,
        updated_at: owner.updated_at,
    }
}

const YES: Result<(), Forbidden> = Ok(());
const NO: Result<(), Forbidden> = Err(Forbidden);

#[test]
fn who_may_read_and_change_whom() {
    let name = Touches { beyond_full_name: false };
    let more = Touches { beyond_full_name: true };
    for (actor, target, read, rename, change) in [
        (Viewer, Viewer, NO, NO, NO),
        (Viewer, Editor, NO, NO, NO),
        (Viewer, Admin, NO, NO, NO),
        (Editor, Viewer, YES, YES, NO),
        (Editor, Editor, YES, NO, NO),
        (Editor, Admin, YES, NO, NO),
        (Admin, Viewer, YES, YES, YES),
        (Admin, Editor, YES, YES, YES),
        (Admin, Admin, YES, YES, YES),
    ] {
        let (actor, target) = (user(1, actor), user(2, target));
        let case = format!("{:?} and {:?}", actor.role, target.role);
        assert_eq!(actor.may_read(target.id), read, "{case}");
        assert_eq!(actor.may_change(&target, name), rename, "{case}");
        assert_eq!(actor.may_change(&target, more), change, "{case}");
    }
    for (role, some, some_more) in [(Viewer, NO, NO), (Editor, YES, NO), (Admin, YES, YES)] {
        assert_eq!(user(1, role).may_read(user(1, role).id), YES, "oneself, as {role:?}");
        assert_eq!(user(1, role).may_change_some_users(name), some, "{role:?}");
        assert_eq!(user(1, role).may_change_some_users(more), some_more, "{role:?}");
    }
}

#[test]
fn whose_items_are_seen_and_changed() {
    let owner = user(1, Viewer);
    let lamp = item(&owner);
    assert!(lamp.is_visible_to(&owner));
    assert_eq!(lamp.may_be_changed_by(&owner), YES);
    for (role, seen, changed) in [(Viewer, false, NO), (Editor, true, NO), (Admin, true, YES)] {
        let other = user(2, role);
        assert_eq!(lamp.is_visible_to(&other), seen, "{role:?}");
        assert_eq!(lamp.may_be_changed_by(&other), changed, "{role:?}");
    }
}

#[test]
fn whose_items_are_listed() {
    let (one, other) = (user(1, Viewer).id, user(2, Viewer).id);
    for (role, everybodys) in [(Viewer, Ok(Some(one))), (Editor, Ok(None)), (Admin, Ok(None))] {
        assert_eq!(visible_owner(&user(1, role), None), everybodys, "{role:?}");
        assert_eq!(visible_owner(&user(1, role), Some(one)), Ok(Some(one)), "{role:?}");
    }
    assert_eq!(visible_owner(&user(1, Viewer), Some(other)), Err(Forbidden));
    assert_eq!(visible_owner(&user(1, Editor), Some(other)), Ok(Some(other)));
}

#[test]
fn an_active_admin_is_an_admin_who_can_sign_in() {
    let admin = user(1, Admin);
    assert!(admin.is_active_admin());
    assert!(!user(1, Editor).is_active_admin());
    assert!(!User { is_active: false, ..admin.clone() }.is_active_admin());
    assert!(!User { deleted_at: Some(admin.created_at), ..admin }.is_active_admin());
}
