//! What the tests stand on: simulated ERPs with their adapters, a gateway in front of them, snapshots.

mod app;
#[cfg(unix)]
pub mod postgres;
pub mod snapshot;
mod stores;
mod target;
pub mod targets;

pub use app::{Answer, App, Setup, client, uncached};
pub use stores::{Base, master_key};
pub use target::{Spec, TODAY, Target};

use adapters::model::EntityType;

/// The entities that the suite goes through: the whole catalogue.
pub const ENTITIES: &[EntityType] = EntityType::ALL;
