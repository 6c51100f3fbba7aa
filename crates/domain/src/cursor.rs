//! Cursors: a place in a list, as an opaque text that a client hands back.
//!
//! A cursor holds the position of a row and a fingerprint of the order and filters it belongs to, so that one from
//! another list is refused rather than misread. It is no secret and grants nothing: a list is filtered by what its
//! reader may see, whatever the cursor says.

use std::hash::{Hash, Hasher};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::paging::{PageRequest, Position, SortValue};
use crate::text::Violation;

const VERSION: u8 = 1;
/// Version, fingerprint, id and the kind of the value.
const FIXED: usize = 1 + 8 + 16 + 1;

/// The cursor for that position in the list of this order and filter.
pub fn encode<K: Hash, F: Hash>(position: &Position, list: &PageRequest<K, F>) -> String {
    let mut bytes = Vec::with_capacity(FIXED + 32);
    bytes.push(VERSION);
    bytes.extend_from_slice(&fingerprint(list).to_be_bytes());
    bytes.extend_from_slice(position.id.as_bytes());
    match &position.key {
        SortValue::Missing => bytes.push(b'-'),
        SortValue::Time(at) => {
            bytes.push(b't');
            bytes.extend_from_slice(&at.micros().to_be_bytes());
        }
        SortValue::Number(n) => {
            bytes.push(b'n');
            bytes.extend_from_slice(&n.to_be_bytes());
        }
        SortValue::Text(text) => {
            bytes.push(b's');
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The position that a cursor holds, if it belongs to the list of this order and filter.
pub fn decode<K: Hash, F: Hash>(cursor: &str, list: &PageRequest<K, F>) -> Result<Position, Violation> {
    position(cursor, fingerprint(list)).ok_or_else(invalid)
}

/// What is wrong with a cursor that is none of the list it is used with.
pub fn invalid() -> Violation {
    Violation::new(
        "invalid_cursor",
        "must be a next_cursor of this list with the same sort and filters; leave it empty to start anew",
    )
}

fn position(cursor: &str, fingerprint: u64) -> Option<Position> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (fixed, value) = bytes.split_at_checked(FIXED)?;
    if fixed[0] != VERSION || fixed[1..9] != fingerprint.to_be_bytes() {
        return None;
    }
    let id = Uuid::from_slice(&fixed[9..25]).ok()?;
    let number = || Some(i64::from_be_bytes(value.try_into().ok()?));
    let key = match fixed[25] {
        b'-' if value.is_empty() => SortValue::Missing,
        b't' => SortValue::Time(Timestamp::from_micros(number()?)?),
        b'n' => SortValue::Number(number()?),
        b's' => SortValue::Text(String::from_utf8(value.to_vec()).ok().filter(|text| !text.contains('\0'))?),
        _ => return None,
    };
    Some(Position { key, id })
}

/// Tells lists apart. Instances of one version must agree on it, so it is a hash of our own (FNV-1a, 64 bits) and
/// not the standard library's, which may change and may be seeded.
fn fingerprint<K: Hash, F: Hash>(list: &PageRequest<K, F>) -> u64 {
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    list.sort.hash(&mut hasher);
    list.filter.hash(&mut hasher);
    hasher.finish()
}

struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
