//! Documents that were parsed once and are executed many times.

use crate::{
    error,
    limits::{self, Limits},
};
use async_graphql::{
    Positioned, Request, ServerError, ValidationResult,
    parser::{
        parse_query,
        types::{ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet, TypeCondition},
    },
};
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// A parsed document within the limits of size. It is never printed: it may hold a password.
pub struct Document {
    parsed: ExecutableDocument,
    personal: bool,
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
        Ok(Self { personal: is_personal(&parsed), parsed, validated: alike.then(OnceLock::new) })
    }

    /// Whether its answers belong to one caller: they name the caller, tell of keys and of the audit log, or are noted in
    /// it. They are neither kept nor shared, because callers of equal rights are still several.
    pub fn is_personal(&self) -> bool {
        self.personal
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

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").finish_non_exhaustive()
    }
}

/// The fields whose answers belong to one caller, whatever they are called in the answer.
const PERSONAL_FIELDS: [&str; 4] = ["viewer", "apiKeys", "auditLog", "raw"];
/// The same for types that any id may lead to.
const PERSONAL_TYPES: [&str; 2] = ["ApiKey", "AuditEntry"];

/// Looks at everything in the document, whether or not the operation that is executed selects it.
fn is_personal(document: &ExecutableDocument) -> bool {
    fn names_one(on: &Positioned<TypeCondition>) -> bool {
        PERSONAL_TYPES.contains(&on.node.on.node.as_str())
    }
    fn selects_one(set: &Positioned<SelectionSet>) -> bool {
        set.node.items.iter().any(|selection| match &selection.node {
            Selection::Field(field) => {
                PERSONAL_FIELDS.contains(&field.node.name.node.as_str()) || selects_one(&field.node.selection_set)
            }
            Selection::InlineFragment(fragment) => {
                fragment.node.type_condition.as_ref().is_some_and(names_one)
                    || selects_one(&fragment.node.selection_set)
            }
            // All fragments are looked at.
            Selection::FragmentSpread(_) => false,
        })
    }
    document.operations.iter().any(|(_, operation)| selects_one(&operation.node.selection_set))
        || document
            .fragments
            .values()
            .any(|fragment| names_one(&fragment.node.type_condition) || selects_one(&fragment.node.selection_set))
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
