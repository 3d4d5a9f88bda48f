//! A selfsame engine for tests.
