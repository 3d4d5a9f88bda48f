//! The tests of the whole project. `README.md`, beside this file, is their map.
