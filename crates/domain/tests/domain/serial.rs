//! The JSON that the API shows: exactly these members.

use plinth_domain::{Description, Email, Page, Price, Role, Timestamp};
use serde_json::json;

use crate::users::{item, user};

#[test]
fn a_user_in_full() {
    let mut ada = user(7, Role::Admin);
    ada.pending_email = Some(Email::parse("new@example.com").unwrap());
    ada.deleted_at = Some(Timestamp::from_micros(1_790_000_000_123_456).unwrap());
    let expected = json!({
        "id": "00000000-0000-0000-0000-000000000007",
        "email": "user7@example.com",
        "pending_email": "new@example.com",
        "full_name": "Ada",
        "role": "admin",
        "is_active": true,
        "is_superuser": true,
        "email_verified": false,
        "created_at": "2026-09-21T14:13:20.000000Z",
        "updated_at": "2026-09-21T14:13:20.000001Z",
        "deleted_at": "2026-09-21T14:13:20.123456Z",
    });
    assert_eq!(serde_json::to_value(&ada).unwrap(), expected);
}

#[test]
fn what_a_user_lacks_is_null() {
    let mut bob = user(8, Role::Editor);
    bob.full_name = None;
    let json = serde_json::to_value(&bob).unwrap();
    for missing in ["full_name", "pending_email", "deleted_at"] {
        assert_eq!(json.get(missing), Some(&json!(null)), "{missing}");
    }
    assert_eq!(json["is_superuser"], json!(false));
}

#[test]
fn an_item_with_and_without_what_may_be_missing() {
    let owner = user(7, Role::Viewer);
    let mut lamp = item(&owner);
    let mut expected = json!({
        "id": "00000000-0000-0000-0000-000000000063",
        "owner_id": "00000000-0000-0000-0000-000000000007",
        "title": "Lamp",
        "description": null,
        "price": null,
        "created_at": "2026-09-21T14:13:20.000000Z",
        "updated_at": "2026-09-21T14:13:20.000001Z",
    });
    assert_eq!(serde_json::to_value(&lamp).unwrap(), expected);
    lamp.description = Some(Description::parse("").unwrap());
    lamp.price = Price::from_hundredths(1234);
    expected["description"] = json!("");
    expected["price"] = json!(12.34);
    assert_eq!(serde_json::to_value(&lamp).unwrap(), expected);
}

#[test]
fn a_page_names_all_its_members() {
    let numbered =
        Page { items: vec![1, 2], total: Some(2), page: Some(1), page_size: 20, next_cursor: None };
    let expected = json!({"items": [1, 2], "total": 2, "page": 1, "page_size": 20, "next_cursor": null});
    assert_eq!(serde_json::to_value(&numbered).unwrap(), expected);
    let by_cursor = Page {
        items: Vec::<i32>::new(),
        total: None,
        page: None,
        page_size: 1,
        next_cursor: Some("x".to_owned()),
    };
    let expected = json!({"items": [], "total": null, "page": null, "page_size": 1, "next_cursor": "x"});
    assert_eq!(serde_json::to_value(&by_cursor).unwrap(), expected);
}
