//! The schema on both databases: by hand, at start, and by several instances at once.

use std::path::Path;
use std::process::Stdio;

use plinth_testing::postgres;

use crate::support::{CHEAP, Server, finish, folder, free_port, plinth, run, texts};

/// The two databases, empty; the URL is that of PostgreSQL, or what stands for the SQLite file in the folder.
fn on_both(case: impl Fn(&Path, &str)) {
    case(folder().path(), "sqlite://data/plinth.db");
    if let Some(server) = postgres::server() {
        let url = server.create_database("plinth_schema");
        case(folder().path(), &url);
        server.drop_database(&url);
    }
}

/// Runs `plinth migrate …`: the exit code and both outputs.
fn migrate(folder: &Path, url: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = run(folder, &[("DATABASE_URL", url)], &[&["migrate"], arguments].concat());
    let (out, err) = texts(&output);
    (output.status.code(), out, err)
}

/// What `migrate status` prints, as the first words of its lines.
fn states(folder: &Path, url: &str) -> Vec<String> {
    let (code, out, err) = migrate(folder, url, &["status"]);
    assert_eq!(code, Some(0), "{err}");
    out.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect()
}

#[test]
fn up_down_and_status_agree() {
    on_both(|folder, url| {
        let (code, up, err) = migrate(folder, url, &["up"]);
        assert_eq!(code, Some(0), "{err}");
        let steps = up.lines().count();
        assert!(steps >= 3 && up.lines().all(|line| line.starts_with("applied ")), "{up}");
        assert_eq!(states(folder, url), vec!["applied"; steps]);
        assert_eq!(migrate(folder, url, &["up"]).1, "up to date\n");
        let (_, down, _) = migrate(folder, url, &["down"]);
        assert_eq!(down, up.lines().last().unwrap().replace("applied ", "undone ") + "\n");
        assert_eq!(states(folder, url), [vec!["applied"; steps - 1], vec!["pending"]].concat());
        assert_eq!(migrate(folder, url, &["down", "--steps", "100"]).1.lines().count(), steps - 1);
        assert_eq!(migrate(folder, url, &["down"]).1, "nothing to undo\n");
        assert_eq!(states(folder, url), vec!["pending"; steps]);
        assert_eq!(migrate(folder, url, &["up"]).1, up);
    });
}

#[test]
fn without_migrations_at_start_an_old_schema_is_refused() {
    on_both(|folder, url| {
        let variables = [CHEAP, ("DATABASE_URL", url), ("MIGRATE_ON_START", "false")];
        let seed = ["seed", "--users", "1", "--items", "1"];
        let refused = |why: &str| {
            for arguments in [&["serve"][..], &seed] {
                let output = run(folder, &variables, arguments);
                let (_, err) = texts(&output);
                assert_eq!(output.status.code(), Some(1), "{arguments:?}");
                assert!(err.contains("plinth migrate up") && err.contains(why), "{err}");
            }
        };
        refused("");
        assert!(!folder.join("data/plinth.db").exists(), "no empty database is left behind");
        let (_, up, _) = migrate(folder, url, &["up"]);
        let newest = up.lines().last().unwrap().strip_prefix("applied ").unwrap();
        assert_eq!(migrate(folder, url, &["down"]).0, Some(0));
        refused(newest);
        assert_eq!(migrate(folder, url, &["up"]).0, Some(0));
        Server::start(folder, &variables).sign_up("ada@example.com").get("/api/items").expect(200);
    });
}

/// Whoever switches migrations off may do so because the server's role cannot make tables.
#[test]
fn without_migrations_at_start_no_right_to_make_tables_is_needed() {
    let Some(server) = postgres::server() else { return };
    let url = server.create_database("plinth_role");
    let folder = folder();
    let (_, up, _) = migrate(folder.path(), &url, &["up"]);
    let name = url.rsplit('/').next().unwrap().split('?').next().unwrap();
    let role = format!("{name}_app");
    server.query(
        &url,
        &format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'app'; REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"
        ),
    );
    let (scheme, rest) = url.split_once("://").unwrap();
    let address = rest.split_once('@').map_or(rest, |(_, address)| address);
    let restricted = format!("{scheme}://{role}:app@{address}");
    let variables = [CHEAP, ("DATABASE_URL", restricted.as_str()), ("MIGRATE_ON_START", "false")];
    let mut app = Server::start(folder.path(), &variables);
    app.sign_up("ada@example.com").get("/api/items").expect(200);
    app.kill();
    assert_eq!(states(folder.path(), &restricted), vec!["applied"; up.lines().count()]);
    server.query(&url, &format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    server.drop_database(&url);
}

#[test]
fn several_that_migrate_at_once_take_turns() {
    on_both(|folder, url| {
        let mut commands: Vec<_> = (0..6).map(|_| plinth(folder, &[("DATABASE_URL", url)])).collect();
        let children: Vec<_> = commands
            .iter_mut()
            .map(|command| {
                command.args(["migrate", "up"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        let mut applied = 0;
        for child in children {
            let output = finish(child);
            let (out, err) = texts(&output);
            assert!(output.status.success(), "{err}");
            applied += out.lines().filter(|line| line.starts_with("applied ")).count();
        }
        assert_eq!(applied, states(folder, url).len());
    });
}

#[test]
fn instances_that_start_at_once_serve_one_database() {
    on_both(|folder, url| {
        let variables = [
            CHEAP,
            ("DATABASE_URL", url),
            ("LOG_FORMAT", "json"),
            ("FIRST_SUPERUSER", "ada@example.com"),
            ("FIRST_SUPERUSER_PASSWORD", "correct horse"),
        ];
        let mut servers: Vec<_> = (0..4).map(|_| Server::spawn(folder, &variables, free_port())).collect();
        servers.iter_mut().for_each(Server::wait_until_ready);
        // An account and a token from one are good at all the others.
        let ada = servers[0].sign_in("ada@example.com", "correct horse");
        for server in &servers {
            let client = server.client().with_token(ada.token());
            assert_eq!(client.get("/api/users").expect(200).json()["total"], 1);
        }
        let (mut made, mut migrated) = (0, 0);
        for server in &mut servers {
            server.signal("TERM");
            assert_eq!(server.wait().code(), Some(0), "{:#?}", server.log());
            made += server.log().iter().filter(|line| line.contains("made the first administrator")).count();
            migrated += server.log().iter().filter(|line| line.contains(r#""message":"migrated""#)).count();
        }
        assert_eq!((made, migrated), (1, states(folder, url).len()));
    });
}
