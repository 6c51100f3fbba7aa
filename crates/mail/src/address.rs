//! Addresses, as they travel.

use lettre::Address;

/// An address with its domain in ASCII (RFC 5890), which every server understands. Only a local part beyond ASCII
/// asks for SMTPUTF8 (RFC 6531).
pub(crate) fn for_the_wire(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    let printable =
        |part: &str| !part.chars().any(|c| c.is_control() || c.is_whitespace() || "<>".contains(c));
    if !printable(local) || !printable(domain) {
        return None;
    }
    if domain.is_ascii() {
        return Address::new(local, domain).ok();
    }
    Address::new(local, idna::domain_to_ascii_strict(domain).ok()?).ok()
}
