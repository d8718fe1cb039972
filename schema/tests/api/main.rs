//! The API over a fake gateway that holds its records in memory.

mod access;
mod administration;
mod errors;
mod fake;
mod federation;
mod inputs;
mod limits;
mod lists;
mod mutations;
mod nodes;
mod personal;
mod sdl;
mod selections;
mod speed;
