//! Reading strictly: every bad field is named, and nothing is guessed.

use crate::support::start;

#[test]
fn a_good_body_is_read() {
    let server = start();
    let answer = server.post_json(
        "/things",
        r#" {"email": " Ada@Example.com ", "full_name": null, "price": 12.340, "role": "editor"} "#,
    );
    assert_eq!(answer.status, 201, "{answer:?}");
    let thing = answer.json();
    assert_eq!(thing["email"], "ada@example.com");
    assert_eq!((&thing["name"], &thing["price"]), (&"null".into(), &"12.34".into()));
    assert_eq!((thing["active"].as_bool(), &thing["role"]), (None, &"editor".into()));
    let answer = server.post_json("/things", r#"{"email":"a\u0062@example.com","is_active":false}"#);
    assert_eq!(answer.json()["email"], "ab@example.com");
    assert_eq!(
        (answer.json()["name"].as_str(), answer.json()["active"].as_bool()),
        (Some("absent"), Some(false))
    );
}

#[test]
fn every_bad_field_of_a_body_is_named() {
    let cases: [(&str, &[&str]); 14] = [
        ("{}", &["/email required"]),
        ("[]", &[" wrong_type"]),
        ("\"text\"", &[" wrong_type"]),
        (r#"{"email":null}"#, &["/email null_not_allowed"]),
        (
            r#"{"email":1,"full_name":true,"price":"1","is_active":"yes","role":[]}"#,
            &[
                "/email wrong_type",
                "/full_name wrong_type",
                "/price wrong_type",
                "/is_active wrong_type",
                "/role wrong_type",
            ],
        ),
        (
            r#"{"email":"x","full_name":" ","price":1.234,"is_active":null,"role":"boss","more":1}"#,
            &[
                "/email invalid_email",
                "/full_name blank",
                "/price too_many_decimals",
                "/is_active null_not_allowed",
                "/role invalid_choice",
                "/more unknown_field",
            ],
        ),
        (
            r#"{"email":"a@example.com","email":"b@example.com","x":1,"x":2}"#,
            &["/email duplicate_field", "/x unknown_field"],
        ),
        (r#"{"email":"a@example.com","em\u0061il":"b@example.com"}"#, &["/email duplicate_field"]),
        (r#"{"email":"a@example.com","a/b~c":1}"#, &["/a~1b~0c unknown_field"]),
        (r#"{"email":"\ud800"}"#, &["/email wrong_type"]),
        (r#"{"email":"a\u0000@example.com"}"#, &["/email nul_character"]),
        (r#"{"email":"a@example.com","price":-1}"#, &["/price out_of_range"]),
        (r#"{"email":"a@example.com","price":1e400}"#, &["/price out_of_range"]),
        (
            r#"{"email":"n@e.xy","full_name":"n@e.xy","more":1}"#,
            &["/full_name name_is_email", "/more unknown_field"],
        ),
    ];
    let server = start();
    for (body, expected) in cases {
        assert_eq!(server.post_json("/things", body).errors(), expected, "{body}");
    }
}

#[test]
fn values_are_not_repeated() {
    let answer =
        start().post_json("/things", r#"{"email":"hunter2","role":"hunter2","full_name":"hunter2\u0000"}"#);
    assert_eq!(answer.errors().len(), 3);
    assert!(!answer.text().contains("hunter2"), "{}", answer.text());
}

#[test]
fn deep_nesting_is_only_a_wrong_type() {
    let server = start();
    let deep = format!(r#"{{"email":{}{}}}"#, "[".repeat(490), "]".repeat(490));
    assert_eq!(server.post_json("/things", &deep).errors(), ["/email wrong_type"]);
}

#[test]
fn more_fields_than_anyone_has_are_refused_as_a_whole() {
    let many: Vec<String> = (0..101).map(|n| format!("\"{n}\":1")).collect();
    let errors = start().post_json("/things", &format!("{{{}}}", many.join(","))).errors();
    assert_eq!(errors[0], " too_many_fields");
    let exact: Vec<String> = (0..100).map(|n| format!("\"{n}\":1")).collect();
    let errors = start().post_json("/things", &format!("{{{}}}", exact.join(","))).errors();
    assert!(
        errors.len() > 100 && errors.iter().all(|error| !error.contains("too_many_fields")),
        "{errors:?}"
    );
    let many = vec!["a"; 101].join("&");
    assert_eq!(start().get(&format!("/things?{many}")).errors(), ["query too_many_fields"]);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    assert_eq!(start().send("POST", "/form", &form, &many).problem(), "invalid_request");
    assert_eq!(start().send("POST", "/form", &form, &vec!["a"; 100].join("&")).status, 200);
}

#[test]
fn query_strings_are_read_as_strictly() {
    let server = start();
    let good = server.get("/things?page_size=20&is_active=true&search=a%20b%2Bc+%C3%A9");
    assert_eq!(good.status, 200, "{good:?}");
    assert_eq!(good.text(), r#"{"is_active":true,"page_size":20,"search":"a b+c é"}"#);
    assert_eq!(server.get("/things?search=").json()["search"], "");
    assert_eq!(server.get("/things?search=100%").json()["search"], "100%");
    let cases: [(&str, &[&str]); 6] = [
        ("page_size=+5&is_active=1", &["query/page_size wrong_type", "query/is_active wrong_type"]),
        ("page_size=-1", &["query/page_size wrong_type"]),
        ("page_size=", &["query/page_size wrong_type"]),
        ("page_size=99999999999", &["query/page_size out_of_range"]),
        (
            "page_size=5&page_size=5&limit=1",
            &["query/page_size duplicate_field", "query/limit unknown_field"],
        ),
        ("search=%ff", &["query/search wrong_type"]),
    ];
    for (query, expected) in cases {
        assert_eq!(server.get(&format!("/things?{query}")).errors(), expected, "{query}");
    }
}

#[test]
fn a_path_id_that_is_none_is_not_found() {
    let server = start();
    let id = "01990d5c-8a2f-7d10-8c5b-5a1e2f3d4c5b";
    assert_eq!(server.get(&format!("/things/{id}")).text(), id);
    for id in ["1", "01990d5c8a2f7d108c5b5a1e2f3d4c5b", "%00", "{01990d5c-8a2f-7d10-8c5b-5a1e2f3d4c5b}"] {
        let answer = server.get(&format!("/things/{id}"));
        assert_eq!((answer.status, answer.problem().as_str()), (404, "not_found"), "{id}");
    }
}

#[test]
fn a_form_is_handed_on_as_it_was_sent() {
    let server = start();
    let form = |body: &str| {
        server.send("POST", "/form", &[("content-type", "application/x-www-form-urlencoded")], body)
    };
    assert_eq!(
        form("username=a%40b&password=x+y&password=%2B&scope=").text(),
        r#"[["username","a@b"],["password","x y"],["password","+"],["scope",""]]"#
    );
    let refused = form("username=%ff");
    assert_eq!((refused.status, refused.problem().as_str()), (400, "invalid_request"));
    assert_eq!(refused.json()["error"], "invalid_request");
    assert_eq!(server.post_json("/form", "{}").status, 415);
}
