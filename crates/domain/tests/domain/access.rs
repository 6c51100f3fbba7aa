//! The permission table, written out once more.

use plinth_domain::Permission::{
    ManageAllItems, ManageUsers, ReadAllItems, ReadAudit, ReadDeletedUsers, ReadUsers, RenameViewers,
};
use plinth_domain::Role::{Admin, Editor, Viewer};
use plinth_domain::access::PERMISSIONS;
use plinth_domain::{Forbidden, Role};

#[test]
fn each_role_may_what_the_contract_says() {
    let rows = [
        // permission          viewer editor admin
        (ReadUsers, [false, true, true]),
        (ReadDeletedUsers, [false, false, true]),
        (RenameViewers, [false, true, true]),
        (ManageUsers, [false, false, true]),
        (ReadAllItems, [false, true, true]),
        (ManageAllItems, [false, false, true]),
        (ReadAudit, [false, false, true]),
    ];
    for (permission, expected) in rows {
        assert_eq!(Role::ALL.map(|role| role.may(permission)), expected, "{permission:?}");
        assert_eq!(
            Role::ALL.map(|role| role.require(permission)),
            expected.map(|may| if may { Ok(()) } else { Err(Forbidden) }),
            "{permission:?}"
        );
        assert_eq!(
            PERMISSIONS.iter().filter(|(row, _)| *row == permission).count(),
            1,
            "{permission:?} has one row"
        );
    }
    assert_eq!(PERMISSIONS.len(), rows.len());
}

#[test]
fn roles_are_ordered_and_named() {
    assert!(Viewer < Editor && Editor < Admin);
    for (role, name) in [(Viewer, "viewer"), (Editor, "editor"), (Admin, "admin")] {
        assert_eq!(role.as_str(), name);
        assert_eq!(Role::parse(name), Ok(role));
        assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{name}\""));
        assert_eq!(serde_json::from_str::<Role>(&format!("\"{name}\"")).unwrap(), role);
    }
    for other in ["", "Admin", "ADMIN", " admin", "owner", "superuser"] {
        assert_eq!(Role::parse(other).unwrap_err().code, "invalid_choice", "{other:?}");
    }
}
