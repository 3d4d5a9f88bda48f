//! An engine for tests: in memory, with a clock that the test sets, a mailbox that it reads and simulated identity
//! providers.
//!
//! ```
//! use selfsame_world::{World, days};
//!
//! let world = World::new();
//! let ada = world.ada();
//! world.later(days(3));
//! assert_eq!(world.engine().resolve(&ada.token).unwrap().account, ada.account);
//! ```

mod authenticator;
mod clock;
mod ending;
mod error;
mod expect;
mod faults;
mod hasher;
mod host;
mod issuer;
mod mailbox;
mod owner;
mod passkey;
mod person;
mod play;
mod products;
mod provider;
pub mod render;
pub mod story;
mod tokens;
mod ways;
mod world;

pub use authenticator::totp;
pub use clock::{Hand, days, hours, minutes};
pub use error::WorldError;
pub use hasher::CountingHasher;
pub use mailbox::{CodeKind, Mailbox};
pub use owner::{ADDRESS_DONE, DONE, UNDO_EXPIRED};
pub use passkey::Device;
pub use person::{Authenticator, Person, refused, signed_in};
pub use play::{Failure, Performance, Played, play, play_watched};
pub use provider::{Identity, providers};
pub use tokens::{Forge, TokenProvider};
pub use world::{REALM, START, World, WorldBuilder, products};
