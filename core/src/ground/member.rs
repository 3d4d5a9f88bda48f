//! The only value of a variant in JSON, as an object with one member.

use schemars::JsonSchema;
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Deserializer, Serializer};

use crate::ground::secret::Secret;

/// Defines types for serde's `with`.
macro_rules! members {
    ($($name:ident $member:ident: $type:ty;)*) => {$(
        #[derive(Deserialize, JsonSchema)]
        #[schemars(inline)]
        pub(crate) struct $name {
            $member: $type,
        }

        impl $name {
            pub(crate) fn serialize<S: Serializer>(value: &$type, serializer: S) -> Result<S::Ok, S::Error> {
                let mut object = serializer.serialize_struct(stringify!($name), 1)?;
                object.serialize_field(stringify!($member), value)?;
                object.end()
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                Ok(<Self as Deserialize>::deserialize(deserializer)?.$member)
            }
        }
    )*};
}

members! {
    Answered response: String;
    Code code: Secret;
    Email email: String;
    Password password: Secret;
    Place place: u8;
    Token token: Secret;
}
