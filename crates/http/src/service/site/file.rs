//! One file, in each of the forms that it is sent in.

use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Write};

use actix_web::http::header::{self, HeaderValue};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use brotli::CompressorWriter;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::{accept, names};
use crate::conditions::Conditions;

/// What a page of the app may do: everything comes from this server, and no script stands in the page. Components set
/// style attributes and make style elements. `'self'` of `connect-src` covers WebSockets of the same origin.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self'; \
                      manifest-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
                      frame-ancestors 'none'";

/// For names that change with the content.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// For all others: kept, and asked for again each time.
const REVALIDATED: &str = "no-cache";

/// Of a script of 1 MB, 9 saves 2 % more in three times the time, and 11 saves 9 % more in thirty times the time.
const BROTLI_QUALITY: u32 = 6;
/// In bits: 1 MiB. The encoder needs several times as much while it works.
const BROTLI_WINDOW: u32 = 20;
/// What is collected before it is compressed.
const BROTLI_BUFFER: usize = 64 * 1024;

/// One file. A copy shares the bytes.
#[derive(Clone)]
pub(super) struct File {
    media_type: HeaderValue,
    caching: &'static str,
    /// Whether a browser shows it as a document of its own, which may run scripts.
    is_document: bool,
    plain: Form,
    /// The compressed forms that are smaller, with their codings; the one that is preferred first.
    coded: Vec<(&'static str, Form)>,
}

/// The bytes of a file in one coding, and their strong entity tag, which no two codings share (RFC 9110 §8.8.3).
#[derive(Clone)]
struct Form {
    bytes: Bytes,
    etag: String,
}

impl File {
    /// Compresses the content, if that is of use for a file of this name.
    pub(super) fn new(path: &str, bytes: Vec<u8>) -> Self {
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        let hash = hasher.finish();
        let media_type = names::media_type(path);
        let mut coded = Vec::new();
        if names::is_compressible(&media_type) {
            for (coding, compressed) in [("br", brotli(&bytes)), ("gzip", gzip(&bytes))] {
                // Writing to memory does not fail; if it did, there would be one form less.
                if let Ok(compressed) = compressed
                    && compressed.len() < bytes.len()
                {
                    let etag = format!("\"{hash:016x}-{coding}\"");
                    coded.push((coding, Form { bytes: compressed.into_boxed_slice().into(), etag }));
                }
            }
        }
        Self {
            is_document: names::is_document(&media_type),
            caching: if names::changes_with_content(path) { IMMUTABLE } else { REVALIDATED },
            media_type: HeaderValue::from_str(&media_type).unwrap_or(HeaderValue::from_static(names::BYTES)),
            plain: Form { bytes: bytes.into_boxed_slice().into(), etag: format!("\"{hash:016x}\"") },
            coded,
        }
    }

    /// The answer to a `GET` or a `HEAD`. `by_accept` says that with another `Accept` it would have been something else.
    pub(super) fn answer(&self, request: &HttpRequest, by_accept: bool) -> HttpResponse {
        let (coding, form) = self.form_for(request);
        let is_known = Conditions::read(request.headers()).is_known(&form.etag);
        let mut response = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        response
            .insert_header((header::CACHE_CONTROL, self.caching))
            .insert_header((header::ETAG, form.etag.as_str()));
        // In one line: CORS adds to the first and drops the others.
        let vary = match (self.coded.is_empty(), by_accept) {
            (false, true) => Some("accept, accept-encoding"),
            (false, false) => Some("accept-encoding"),
            (true, true) => Some("accept"),
            (true, false) => None,
        };
        if let Some(vary) = vary {
            response.insert_header((header::VARY, vary));
        }
        // With 304 too: a page that was kept gets the policy that holds now (RFC 9111 §4.3.4).
        if self.is_document {
            response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
        }
        if is_known {
            return response.finish();
        }
        if let Some(coding) = coding {
            response.insert_header((header::CONTENT_ENCODING, coding));
        }
        response.insert_header((header::CONTENT_TYPE, self.media_type.clone())).body(form.bytes.clone())
    }

    /// The form that is wanted most, and its coding if it has one. Whoever accepts none of them gets the file as it is:
    /// that is of more use than a refusal (RFC 9110 §12.5.3).
    fn form_for(&self, request: &HttpRequest) -> (Option<&'static str>, &Form) {
        let mut best = (None, &self.plain);
        let mut most = 0.0;
        for (coding, form) in &self.coded {
            let weight = accept::weight_of_coding(request.headers(), coding);
            if weight > most {
                (best, most) = ((Some(*coding), form), weight);
            }
        }
        if accept::weight_of_identity(request.headers()) > most { (None, &self.plain) } else { best }
    }
}

fn brotli(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut writer =
        CompressorWriter::new(Vec::with_capacity(bytes.len()), BROTLI_BUFFER, BROTLI_QUALITY, BROTLI_WINDOW);
    writer.write_all(bytes)?;
    Ok(writer.into_inner())
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len()), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}
