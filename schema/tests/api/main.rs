//! The API over a fake gateway that holds its records in memory.

mod administration;
mod errors;
mod fake;
mod federation;
mod inputs;
mod limits;
mod lists;
mod nodes;
mod sdl;
mod selections;
mod speed;
