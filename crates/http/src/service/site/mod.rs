//! The built web app, served from the API's origin where `STATIC_DIR` names its folder.
//!
//! Invariants:
//! - A request is answered out of memory: the path that is asked for is looked up among the names that were found when
//!   the folder was read, and opens nothing. So no path leads out of the folder.
//! - The routes of the API go first. What stands below one of theirs is never a file nor a page of the app.
//! - Something that is missing is a problem document, and a page of the app only for whoever asks for a page: a script
//!   that is gone must not turn into HTML.
//!
//! docs/adr/0017-static-files.md says why it is like this.

use std::collections::HashMap;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use percent_encoding::percent_decode_str;

use super::Service;
use crate::answer::Answer;
use crate::error::ApiError;
use crate::middleware::AnswerHeaders;
use crate::routes;
use crate::settings::HttpSettings;

mod accept;
mod file;
mod folder;
mod live;
mod names;

use file::File;
use folder::Folder;

pub use folder::{Unusable, check};
pub(crate) use live::Live;

/// The page that the app starts with.
const INDEX: &str = "index.html";

/// The files of one build, ready to be sent.
pub(crate) struct Site {
    index: File,
    /// By their paths, without the slash in front.
    files: HashMap<String, File>,
}

impl Site {
    /// Reads everything, and compresses what gets smaller by it. Takes its time.
    fn read(folder: &Folder, prefix: &str) -> Result<Self, Unusable> {
        folder.must_load_beside(prefix)?;
        let mut files = HashMap::new();
        let mut index = None;
        for (path, bytes) in folder.read()? {
            if routes::is_ours(&path, prefix) {
                tracing::warn!(file = path, "not served: what stands below that path is the API's");
                continue;
            }
            let file = File::new(&path, bytes);
            if path == INDEX {
                index = Some(file.clone());
            }
            files.insert(path, file);
        }
        let index = index.ok_or_else(|| folder.without_index())?;
        Ok(Self { index, files })
    }

    /// The page that the app starts with.
    pub(super) fn index(&self, request: &HttpRequest) -> HttpResponse {
        self.index.answer(request, false)
    }
}

/// Answers what no route has: with a file, with the page of the app that has a route of its own for that path, or not at
/// all.
pub(crate) async fn file_or_unknown(
    request: HttpRequest,
    service: web::Data<Service>,
    settings: web::Data<HttpSettings>,
) -> Answer {
    let Some(site) = service.site() else { return Err(ApiError::UnknownRoute) };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if let Some(path) = asked_for(&request) {
        match site.files.get(&path) {
            Some(file) if reads => return Ok(file.answer(&request, false)),
            Some(_) => return Err(ApiError::MethodNotAllowed { allow: "GET, HEAD".to_owned() }),
            None => {}
        }
        let may_be_page = !names::has_extension(&path) && !routes::is_ours(&path, &settings.api_prefix);
        if reads && may_be_page && accept::wants_page(request.headers()) {
            return Ok(site.index.answer(&request, true));
        }
    }
    // What is not there now may be there with the next build, and is there for whoever asks for a page: a cache between
    // must not keep that it is not.
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    request.extensions_mut().insert(AnswerHeaders(vec![no_store]));
    Err(ApiError::UnknownRoute)
}

/// The path that is asked for, decoded and without the slash in front. `None` for one that names neither a file nor a page
/// whatever the app is: with a segment that is empty or begins with a dot, with a slash or a backslash in disguise, with a
/// control character, or in no UTF-8.
fn asked_for(request: &HttpRequest) -> Option<String> {
    let encoded = request.uri().path().strip_prefix('/')?;
    let path = percent_decode_str(encoded).decode_utf8().ok()?;
    let is_plain = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && !segment.contains(|c: char| c == '\\' || c.is_control())
    };
    let slashes = |text: &str| text.matches('/').count();
    (slashes(encoded) == slashes(&path) && path.split('/').all(is_plain)).then(|| path.into_owned())
}
