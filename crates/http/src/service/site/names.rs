//! What the name of a file says about it.

/// The media type of what is not known.
pub(super) const BYTES: &str = "application/octet-stream";

/// The media type of a file, with the charset where it is text: a build writes UTF-8.
pub(super) fn media_type(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        // Of these mime_guess has older ideas.
        Some("js" | "mjs") => "text/javascript; charset=utf-8".to_owned(),
        Some("map") => "application/json".to_owned(),
        _ => match mime_guess::from_path(name).first_raw() {
            Some(text) if text.starts_with("text/") => format!("{text}; charset=utf-8"),
            Some(other) => other.to_owned(),
            None => BYTES.to_owned(),
        },
    }
}

/// Whether it gets smaller: pictures, fonts and archives are compressed already.
pub(super) fn is_compressible(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || media_type.ends_with("json")
        || media_type.ends_with("xml")
        || media_type == "application/wasm"
}

/// Whether a browser shows it as a document, in which scripts may run.
pub(super) fn is_document(media_type: &str) -> bool {
    media_type.starts_with("text/html") || media_type.starts_with("text/xml") || media_type.ends_with("+xml")
}

/// Whether its last segment looks like the name of a file.
pub(super) fn has_extension(path: &str) -> bool {
    path.rsplit('/').next().unwrap_or(path).contains('.')
}

/// Whether the name has a hash of the content in it, by the form that Vite gives to what it puts into `assets`: at the end,
/// before the extension, a dash and eight of `A-Za-z0-9_-`. A source map has `.map` after that.
pub(super) fn changes_with_content(path: &str) -> bool {
    let name = path.strip_prefix("assets/").and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let name = name.strip_suffix(".map").unwrap_or(name);
    let Some((stem, _)) = name.rsplit_once('.') else { return false };
    let is_of_hash = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    matches!(stem.as_bytes().last_chunk::<9>(), Some([b'-', hash @ ..]) if hash.iter().all(is_of_hash))
}
