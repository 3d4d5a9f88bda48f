//! What the repository says about itself, checked against its files: floors, the public API, other languages, pages.

mod api;
mod circles;
mod crossing;
mod floors;
mod map;
mod paths;
mod picture;
mod readme;
mod rules_page;
mod sizes;
mod source;
