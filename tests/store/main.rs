//! The file: what opens it, what it shows and keeps, and what becomes of one that was changed or put back.

mod anchor_model;
mod erasure;
mod fixture;
mod large;
mod rollback;
mod secrets;
mod store_strangers;
mod strangers;
mod tampering;
mod unlock;
