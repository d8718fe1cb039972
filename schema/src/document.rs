//! Documents that were parsed once and are executed many times.

use crate::{
    error,
    limits::{self, Limits},
};
use async_graphql::{
    Positioned, Request, ServerError, ValidationResult,
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationDefinition, OperationType},
    },
};
use std::sync::{Arc, OnceLock};

/// A parsed document within the limits of size.
#[derive(Debug)]
pub struct Document {
    parsed: ExecutableDocument,
    /// What its validation gave, where that does not depend on variables.
    pub(crate) validated: Option<OnceLock<ValidationResult>>,
}

impl Document {
    pub(crate) fn parse(query: &str, limits: &Limits) -> Result<Self, ServerError> {
        limits::check_text(query, limits)?;
        let parsed = parse_query(query).map_err(|error| error::of_syntax(error.into()))?;
        limits::check_document(&parsed, limits)?;
        let mut operations = parsed.operations.iter();
        let alike = operations.next().is_some_and(|(_, one)| one.node.variable_definitions.is_empty())
            && operations.next().is_none();
        Ok(Self { parsed, validated: alike.then(OnceLock::new) })
    }

    /// What an operation of it does: the one of this name, or the only one. None where there is no such operation.
    pub fn operation(&self, name: Option<&str>) -> Option<OperationType> {
        find(&self.parsed, name).map(|operation| operation.node.ty)
    }

    /// The name of its only operation, where it has one.
    pub fn only_name(&self) -> Option<&str> {
        let mut operations = self.parsed.operations.iter();
        operations.next().filter(|_| operations.next().is_none()).and_then(|(name, _)| name.map(|name| name.as_str()))
    }

    /// A request to execute it.
    pub fn request(self: &Arc<Self>) -> Request {
        let mut request = Request::new("").data(Arc::clone(self));
        request.set_parsed_query(self.parsed.clone());
        request
    }
}

/// The operation of this name, or the only one.
pub(crate) fn find<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Option<&'d Positioned<OperationDefinition>> {
    let mut operations = document.operations.iter();
    let operation = match name {
        Some(name) => operations.find(|(of, _)| of.is_some_and(|of| of == name)),
        None => operations.next().filter(|_| operations.next().is_none()),
    };
    operation.map(|(_, operation)| operation)
}
