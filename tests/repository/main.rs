//! What the repository says about itself, checked against its files: floors, the public API, other languages, pages.

mod api;
mod bench;
mod circles;
mod crossing;
mod examples;
mod figures;
mod floors;
mod map;
mod paths;
mod picture;
mod plots;
mod readme;
mod rules_page;
mod sizes;
mod source;
