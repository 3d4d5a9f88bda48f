//! Floor 1: bytes in, bytes out. Pure, given entropy.
