//! The one file that names bincode.
