//! Whether mutations get objects where they take objects, and dates where they take dates. async-graphql finds that out
//! only when a mutation's turn comes: those before it would be done, and their answers lost.

use crate::{error::Error, scalars};
use async_graphql::{
    Positioned, ServerResult, Value, Variables,
    parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
    registry::{MetaType, MetaTypeName, Registry},
};

/// Refuses a document of which a mutation has an argument, or something in one, that cannot be. What validation finds by
/// itself is left to it.
pub(crate) fn check_input(
    registry: &Registry,
    document: &ExecutableDocument,
    variables: &Variables,
) -> ServerResult<()> {
    let mutations = document.operations.iter().filter(|(_, one)| one.node.ty == OperationType::Mutation);
    for (_, operation) in mutations {
        let check = Check { registry, document, variables, operation: &operation.node };
        check.set(&operation.node.selection_set)?;
    }
    Ok(())
}

struct Check<'a> {
    registry: &'a Registry,
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    operation: &'a OperationDefinition,
}

impl Check<'_> {
    /// The selections at the root; fragments there are as many as the limits of the document allow.
    fn set(&self, set: &Positioned<SelectionSet>) -> ServerResult<()> {
        set.node.items.iter().try_for_each(|selection| match &selection.node {
            Selection::Field(field) => self.field(&field.node),
            Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set),
            Selection::FragmentSpread(spread) => {
                let fragment = self.document.fragments.get(&spread.node.fragment_name.node);
                fragment.map_or(Ok(()), |fragment| self.set(&fragment.node.selection_set))
            }
        })
    }

    fn field(&self, field: &Field) -> ServerResult<()> {
        let root = self.registry.mutation_type.as_ref().and_then(|name| self.registry.types.get(name));
        let Some(def) = root.and_then(|root| root.field_by_name(&field.name.node)) else { return Ok(()) };
        for (name, value) in &field.arguments {
            let Some(argument) = def.args.get(name.node.as_str()) else { continue };
            let value_at = value.pos;
            let filled_in = value.node.clone().into_const_with(|name| {
                let default = || {
                    let mut all = self.operation.variable_definitions.iter();
                    all.find(|of| of.node.name.node == name)?.node.default_value.as_ref().map(|value| &value.node)
                };
                self.variables.get(&name).or_else(default).cloned().ok_or(())
            });
            // A variable that is missing is found elsewhere.
            if let Ok(value) = filled_in
                && let Some((path, problem)) = self.misfit(&argument.ty, &value)
            {
                return Err(Error::bad_input(format!("{}{path}: {problem}", name.node)).at(value_at));
            }
        }
        Ok(())
    }

    /// The path to the first value that cannot be, below a value of a type, and what is wrong with it.
    fn misfit(&self, ty: &str, value: &Value) -> Option<(String, &'static str)> {
        match (MetaTypeName::create(ty), value) {
            (_, Value::Null) => None,
            (MetaTypeName::NonNull(ty), value) => self.misfit(ty, value),
            (MetaTypeName::List(ty), Value::List(values)) => values.iter().enumerate().find_map(|(at, value)| {
                let (path, problem) = self.misfit(ty, value)?;
                Some((format!("[{at}]{path}"), problem))
            }),
            // A value stands for a list of one.
            (MetaTypeName::List(ty), one) => self.misfit(ty, one),
            (MetaTypeName::Named(name), value) => match (self.registry.types.get(name)?, value) {
                (MetaType::InputObject { input_fields, .. }, Value::Object(values)) => {
                    input_fields.values().find_map(|field| {
                        let (path, problem) = self.misfit(&field.ty, values.get(field.name.as_str())?)?;
                        Some((format!(".{}{path}", field.name), problem))
                    })
                }
                (MetaType::InputObject { .. }, _) => Some((String::new(), "expected an object")),
                _ => scalars::problem(name, value).map(|problem| (String::new(), problem)),
            },
        }
    }
}
