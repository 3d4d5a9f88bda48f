//! Macros for enums whose variants have a stable name, for those that also have a text for people, and for types
//! whose form in JSON is not the stored one.

/// Defines an enum with `code`, which gives the name of a variant.
macro_rules! coded {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $($(#[$doc:meta])* $variant:ident $(($($inner:tt)*))? $({$($fields:tt)*})?,)*
        }
    ) => {
        $(#[$meta])*
        $vis enum $name {
            $($(#[$doc])* $variant $(($($inner)*))? $({$($fields)*})?,)*
        }

        impl $name {
            /// Returns the variant's name, which is the same in every language and release.
            $vis fn code(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant),)*
                }
            }
        }
    };
}

/// Defines an enum with `code`, whose `Display` is the text in the variant's row. A text can use the variant's
/// fields, and further arguments as in `write!`.
macro_rules! worded {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident {
            $(
                $(#[$doc:meta])*
                $variant:ident $({ $($(#[$about:meta])* $field:ident: $type:ty,)* })? => $text:literal $(, $arg:expr)?;
            )*
        }
    ) => {
        $crate::ground::named::coded! {
            $(#[$meta])*
            $vis enum $name {
                $($(#[$doc])* $variant $({ $($(#[$about])* $field: $type,)* })?,)*
            }
        }

        impl $name {
            /// The names of all variants. Use it to check that an application has a text for each.
            $vis const CODES: &'static [&'static str] = &[$(stringify!($variant),)*];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self {
                    $(Self::$variant $({ $($field,)* })? => {
                        // A text may leave a field unused.
                        $($(_ = $field;)*)?
                        write!(f, $text $(, $arg)?)
                    })*
                }
            }
        }
    };
}

/// Defines a type that the store keeps in one form and that has another form in JSON. The stored form is the one
/// that serde derives. `json(…)` has serde's attributes for the form in JSON, of the type first and then of its
/// members. `stored(…)` has those of a member for the stored form.
macro_rules! two_forms {
    (
        json($($container:tt)*)
        $(#[doc = $doc:expr])*
        #[derive($($derive:ident),*)]
        pub struct $name:ident {
            $(
                $(#[doc = $about:expr])*
                $(#[stored($($kept:tt)*)])?
                $(#[json($($form:tt)*)])?
                $vis:vis $field:ident: $type:ty,
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive($($derive),*)]
        pub struct $name {
            $($(#[doc = $about])* $vis $field: $type,)*
        }

        const _: () = {
            type Value = $name;

            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde(remote = "Value")]
            struct Stored {
                $($(#[serde($($kept)*)])? $field: $type,)*
            }

            #[cfg(feature = "json")]
            $(#[doc = $doc])*
            #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
            #[serde(remote = "Value", $($container)*)]
            struct Json {
                $(
                    $(#[doc = $about])*
                    $(#[serde($($form)*)])?
                    $field: $type,
                )*
            }

            $crate::ground::named::either_form!($name Stored Json);
        };
    };
    (
        json($($container:tt)*)
        $(#[doc = $doc:expr])*
        #[derive($($derive:ident),*)]
        pub enum $name:ident {
            $(
                $(#[doc = $about:expr])*
                $variant:ident
                $(( $(#[json($($only_form:tt)*)])? $only:ty ))?
                $({
                    $(
                        $(#[doc = $inside:expr])*
                        $(#[json($($form:tt)*)])?
                        $field:ident: $type:ty,
                    )*
                })?,
            )*
        }
    ) => {
        $(#[doc = $doc])*
        #[derive($($derive),*)]
        pub enum $name {
            $($(#[doc = $about])* $variant $(($only))? $({ $($(#[doc = $inside])* $field: $type,)* })?,)*
        }

        const _: () = {
            type Value = $name;

            #[derive(serde::Serialize, serde::Deserialize)]
            #[serde(remote = "Value")]
            enum Stored {
                $($variant $(($only))? $({ $($field: $type,)* })?,)*
            }

            #[cfg(feature = "json")]
            $(#[doc = $doc])*
            #[derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
            #[serde(remote = "Value", $($container)*)]
            enum Json {
                $(
                    $(#[doc = $about])*
                    $variant
                    $(( $(#[serde($($only_form)*)])? $only ))?
                    $({ $($(#[doc = $inside])* $(#[serde($($form)*)])? $field: $type,)* })?,
                )*
            }

            $crate::ground::named::either_form!($name Stored Json);
        };
    };
}

/// Chooses between the two forms of a type.
macro_rules! either_form {
    ($name:ident $stored:ident $json:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                #[cfg(feature = "json")]
                if serializer.is_human_readable() {
                    return $json::serialize(self, serializer);
                }
                $stored::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                #[cfg(feature = "json")]
                if deserializer.is_human_readable() {
                    return $json::deserialize(deserializer);
                }
                $stored::deserialize(deserializer)
            }
        }

        #[cfg(feature = "json")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                <$json as schemars::JsonSchema>::json_schema(generator)
            }
        }
    };
}

pub(crate) use {coded, either_form, two_forms, worded};
