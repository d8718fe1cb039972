//! Odoo.

use crate::{
    adapter::Capability,
    catalog::System,
    error::{Error, ErrorKind},
};

pub(crate) static SYSTEM: System = System {
    key: "odoo",
    name: "Odoo",
    documentation: None,
    settings: &[],
    capability: Capability::none,
    build: |_, _, _| Err(Error::new(ErrorKind::Config, "not built yet")),
};
