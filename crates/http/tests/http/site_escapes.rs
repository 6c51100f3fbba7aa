//! What is outside the web app's folder, or hidden in it: whatever the path looks like, nobody gets it.

use std::os::unix::fs::symlink;

use crate::site::{Build, PAGE, SECRET, ask};

#[test]
fn nobody_gets_out_of_the_folder_or_at_what_is_hidden_in_it() {
    let build = Build::new();
    let outside = build.folder.path().join("secret.txt");
    for path in
        [".env", ".git/config", "assets/.hidden.js", ".well-known/security.txt", ".vite/manifest.json"]
    {
        build.write(path, SECRET);
    }
    symlink(&outside, build.app().join("link.txt")).unwrap();
    symlink("../secret.txt", build.app().join("assets/link-BxZ1a2b3.js")).unwrap();
    symlink(build.folder.path(), build.app().join("up")).unwrap();
    symlink(".env", build.app().join("env.txt")).unwrap();
    symlink("index.html", build.app().join("alias.html")).unwrap();
    let app = build.serve();
    let absolute = outside.to_str().unwrap();
    let attempts = [
        "/../secret.txt",
        "/../../../../../../etc/passwd",
        "/assets/../../secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/%2E%2E%2Fsecret.txt",
        "/..%2fsecret.txt",
        "/..%252fsecret.txt",
        "/%252e%252e%252fsecret.txt",
        "/..\\secret.txt",
        "/..%5csecret.txt",
        "/%2e%2e%5csecret.txt",
        "/..%c0%afsecret.txt",
        "/%c0%ae%c0%ae/secret.txt",
        "/..%00/secret.txt",
        "/index.html%00",
        "/favicon.svg%00.html",
        "/%00",
        "/./.env",
        "/.env",
        "/%2eenv",
        "/.git/config",
        "/.git",
        "/assets/.hidden.js",
        "/.well-known/security.txt",
        "/.vite/manifest.json",
        "/link.txt",
        "/assets/link-BxZ1a2b3.js",
        "/up/secret.txt",
        "/up/app/index.html",
        "/env.txt",
        "/alias.html",
        "/etc/passwd.txt",
        "//etc/passwd",
        "///etc/passwd",
        "/%2fetc/passwd",
        "/..",
        "/../",
        "/...",
        "/assets/..",
        "/assets/../favicon.svg",
        "/assets//index-BxZ1a2b3.js",
        "/file:%2f%2f%2fetc%2fpasswd",
        "/%ff",
        "/%0d%0aset-cookie:%20a=b",
        "/%zz.txt",
        "http://localhost/../secret.txt",
        "..",
        "../secret.txt",
        "secret.txt",
        "*",
    ];
    let joined = [format!("/{absolute}"), absolute.to_owned(), format!("/{}", absolute.replace('/', "%2f"))];
    for path in attempts.into_iter().chain(joined.iter().map(String::as_str)) {
        for headers in [&[][..], &[PAGE]] {
            for method in ["GET", "HEAD", "POST"] {
                let answer = ask(&app, method, path, headers);
                assert!(matches!(answer.status, 400 | 404), "{method} {path}: {}", answer.status);
                assert!(!answer.text().contains(SECRET) && !answer.text().contains("root:"), "{path}");
            }
        }
    }
    assert!(ask(&app, "GET", "/", &[]).is_page(), "it is still there");
}
