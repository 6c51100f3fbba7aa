//! Reading values back from the JSON that they serialise to. What does not keep a type's rules is refused.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::access::Role;
use crate::clock::Timestamp;
use crate::ids::{ItemId, UserId};
use crate::items::Item;
use crate::price::Price;
use crate::text::{Description, Email, FullName, Title, Violation};
use crate::users::User;

macro_rules! parsed {
    ($($name:ident),*) => {$(
        impl FromStr for $name {
            type Err = Violation;

            /// The same as `parse`.
            fn from_str(text: &str) -> Result<Self, Violation> {
                Self::parse(text)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            /// From a string, which is parsed.
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).map_err(D::Error::custom)
            }
        }
    )*};
}

parsed!(Email, FullName, Title, Description);

impl FromStr for Price {
    type Err = Violation;

    /// The same as [`Price::parse_json_number`].
    fn from_str(text: &str) -> Result<Self, Violation> {
        Self::parse_json_number(text)
    }
}

impl<'de> Deserialize<'de> for Price {
    /// From a number. Every price that was serialised comes back as it was.
    ///
    /// Deserializers hand over a number with a fraction as the nearest double, and of that the shortest decimal is
    /// read. So a number of more than 15 significant digits may be taken for a price that is very close to it, where
    /// [`Price::parse_json_number`], which sees the text, refuses it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Price;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 9999999999.99 with at most two decimals")
            }

            fn visit_u64<E: Error>(self, whole: u64) -> Result<Price, E> {
                Price::parse_json_number(&whole.to_string()).map_err(E::custom)
            }

            fn visit_i64<E: Error>(self, whole: i64) -> Result<Price, E> {
                Price::parse_json_number(&whole.to_string()).map_err(E::custom)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Price, E> {
                if !number.is_finite() {
                    return Err(E::invalid_value(Unexpected::Float(number), &self));
                }
                // The shortest decimal that reads as the same double, never with an exponent.
                Price::parse_json_number(&number.to_string()).map_err(E::custom)
            }
        }

        deserializer.deserialize_f64(Number)
    }
}

/// A [`User`] as JSON. Other members are ignored, so that a newer server can be read.
#[derive(Deserialize)]
#[serde(rename = "User")]
struct ReadUser {
    id: UserId,
    email: Email,
    pending_email: Option<Email>,
    full_name: Option<FullName>,
    role: Role,
    is_active: bool,
    is_superuser: Option<bool>,
    email_verified: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    deleted_at: Option<Timestamp>,
}

impl<'de> Deserialize<'de> for User {
    /// From what the API shows. `is_superuser` follows from the role: it may be missing, but must not contradict it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = ReadUser::deserialize(deserializer)?;
        if read.is_superuser.is_some_and(|is| is != (read.role == Role::Admin)) {
            return Err(D::Error::custom("is_superuser contradicts role"));
        }
        Ok(Self {
            id: read.id,
            email: read.email,
            pending_email: read.pending_email,
            full_name: read.full_name,
            role: read.role,
            is_active: read.is_active,
            email_verified: read.email_verified,
            created_at: read.created_at,
            updated_at: read.updated_at,
            deleted_at: read.deleted_at,
        })
    }
}

/// An [`Item`] as JSON. Other members are ignored, so that a newer server can be read.
#[derive(Deserialize)]
#[serde(rename = "Item")]
struct ReadItem {
    id: ItemId,
    owner_id: UserId,
    title: Title,
    description: Option<Description>,
    price: Option<Price>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'de> Deserialize<'de> for Item {
    /// From what the API shows.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = ReadItem::deserialize(deserializer)?;
        Ok(Self {
            id: read.id,
            owner_id: read.owner_id,
            title: read.title,
            description: read.description,
            price: read.price,
            created_at: read.created_at,
            updated_at: read.updated_at,
        })
    }
}
