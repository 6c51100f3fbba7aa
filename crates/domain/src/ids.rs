//! Identifiers: UUIDs of version 7 (RFC 9562 §5.7), made by the server, so that newer rows sort after older ones.

use uuid::Uuid;

use crate::clock::{Entropy, Timestamp};

/// Defines an identifier: a UUID that cannot be taken for another resource's.
///
/// Works in any crate that has `plinth-domain`; neither `uuid` nor `serde` has to be among its dependencies.
///
/// ```
/// plinth_domain::id_type! {
///     /// An invoice.
///     InvoiceId
/// }
///
/// let id: InvoiceId = "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e".parse()?;
/// assert_eq!(id.to_string(), "01990d5c-7b1e-7c3a-9f61-0d9a3f1c2b4e");
/// # Ok::<(), plinth_domain::ids::NotAnId>(())
/// ```
#[macro_export]
macro_rules! id_type {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($crate::__private::uuid::Uuid);

        impl $name {
            /// A new identifier for something made at that instant.
            pub fn new(at: $crate::Timestamp, entropy: &dyn $crate::Entropy) -> Self {
                Self($crate::ids::uuid_v7(at, entropy))
            }

            /// The UUID itself.
            pub fn uuid(self) -> $crate::__private::uuid::Uuid {
                self.0
            }
        }

        impl ::std::convert::From<$crate::__private::uuid::Uuid> for $name {
            fn from(id: $crate::__private::uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Display::fmt(&self.0, f)
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::ids::NotAnId;

            /// Reads the hyphenated form, in either case; no other form of a UUID.
            fn from_str(text: &str) -> ::std::result::Result<Self, Self::Err> {
                $crate::ids::parse_hyphenated(text).map(Self)
            }
        }

        const _: () = {
            use ::std::borrow::Cow;
            use ::std::result::Result;
            use $crate::__private::{serde, uuid::fmt::Hyphenated};

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let mut text = [0; Hyphenated::LENGTH];
                    serializer.serialize_str(self.0.as_hyphenated().encode_lower(&mut text))
                }
            }

            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = <Cow<'de, str> as serde::Deserialize>::deserialize(deserializer)?;
                    text.parse().map_err(serde::de::Error::custom)
                }
            }
        };
    };
}

id_type! {
    /// A user's account.
    UserId
}
id_type! {
    /// A session: one sign-in on one device, until it ends.
    SessionId
}
id_type! {
    /// An item.
    ItemId
}

/// The text is not the hyphenated form of a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in its hyphenated form")]
pub struct NotAnId;

/// A UUID of version 7 for that instant (RFC 9562 §5.7): 48 bits of milliseconds, 74 random bits.
pub fn uuid_v7(at: Timestamp, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let millis = u64::try_from(at.micros() / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Reads a UUID in its hyphenated form.
pub fn parse_hyphenated(text: &str) -> Result<Uuid, NotAnId> {
    // `Uuid::from_str` also takes the braced, the URN and the bare form; a path has one spelling.
    if text.len() != uuid::fmt::Hyphenated::LENGTH {
        return Err(NotAnId);
    }
    Uuid::try_parse(text).map_err(|_| NotAnId)
}
