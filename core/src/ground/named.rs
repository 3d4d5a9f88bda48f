//! Macros for enums whose variants have a stable name, and for those that also have a text for people.

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

pub(crate) use {coded, worded};
