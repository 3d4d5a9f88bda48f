//! Floor 3: the one place that knows redb.

pub(crate) mod port;
