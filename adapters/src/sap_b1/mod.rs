//! SAP Business One.

use crate::{
    adapter::Capability,
    catalog::System,
    error::{Error, ErrorKind},
};

pub(crate) static SYSTEM: System = System {
    key: "sap_b1",
    name: "SAP Business One",
    documentation: None,
    settings: &[],
    capability: Capability::none,
    build: |_, _, _| Err(Error::new(ErrorKind::Config, "not built yet")),
};
