//! The tests of the whole. `README.md`, beside this file, says what is where.
