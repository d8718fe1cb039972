//! The limits of the variables, and whether they are what the operation declares.

use super::{Limits, refuse};
use crate::error::Error;
use async_graphql::{
    Positioned, ServerError, Value, Variables,
    parser::types::{BaseType, OperationDefinition, Type},
};

/// Refuses variables with too many values or levels, and what an operation cannot take for one of its own: a request
/// with such a value must not be executed, although async-graphql finds it only where the variable is used.
pub(crate) fn check_variables(
    operation: Option<&Positioned<OperationDefinition>>,
    variables: &Variables,
    limits: &Limits,
) -> Result<(), ServerError> {
    let mut extent = Extent::default();
    variables.values().for_each(|value| extent.add(value, 1));
    if extent.values > limits.variables {
        let what = format_args!("The variables hold {} values", extent.values);
        return Err(refuse(what, "variables", limits.variables, None));
    }
    if extent.depth > limits.variable_depth {
        let what = format_args!("The variables are {} levels deep", extent.depth);
        return Err(refuse(what, "variable_depth", limits.variable_depth, None));
    }
    let Some(operation) = operation else { return Ok(()) };
    for variable in &operation.node.variable_definitions {
        let (name, ty) = (&variable.node.name.node, &variable.node.var_type.node);
        let problem = match variables.get(name) {
            None | Some(Value::Null) if ty.nullable => continue,
            None if variable.node.default_value.is_some() => continue,
            None => format!("Variable \"${name}\" of required type \"{ty}\" was not provided."),
            Some(value) if fits(value, ty) => continue,
            Some(Value::Null) => format!("Variable \"${name}\" of type \"{ty}\" must not be null."),
            Some(_) => format!("Variable \"${name}\" has a value that is no {ty}."),
        };
        return Err(Error::bad_input(problem).at(variable.pos));
    }
    Ok(())
}

#[derive(Default)]
struct Extent {
    values: usize,
    depth: usize,
}

impl Extent {
    /// The parsers of requests bound how deep this recurses.
    fn add(&mut self, value: &Value, depth: usize) {
        self.values += 1;
        self.depth = self.depth.max(depth);
        match value {
            Value::List(values) => values.iter().for_each(|value| self.add(value, depth + 1)),
            Value::Object(fields) => fields.values().for_each(|value| self.add(value, depth + 1)),
            _ => {}
        }
    }
}

/// Whether a value can be of a type, as far as the type's name tells; the rest is seen where the variable is used.
fn fits(value: &Value, ty: &Type) -> bool {
    if *value == Value::Null {
        return ty.nullable;
    }
    match &ty.base {
        BaseType::List(of) => match value {
            Value::List(values) => values.iter().all(|value| fits(value, of)),
            // A value stands for a list of one.
            _ => fits(value, of),
        },
        BaseType::Named(name) => match name.as_str() {
            "Int" => matches!(value, Value::Number(n) if n.as_i64().is_some_and(|n| i32::try_from(n).is_ok())),
            "Float" => matches!(value, Value::Number(_)),
            "String" => matches!(value, Value::String(_)),
            "Boolean" => matches!(value, Value::Boolean(_)),
            "ID" => matches!(value, Value::String(_)) || matches!(value, Value::Number(n) if n.is_i64() || n.is_u64()),
            _ => true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::find;
    use async_graphql::parser::parse_query;
    use serde_json::json;

    fn check(query: &str, variables: serde_json::Value) -> Result<(), String> {
        let document = parse_query(query).expect("a query");
        let limits = Limits { variables: 20, variable_depth: 5, ..Limits::default() };
        check_variables(find(&document, None), &Variables::from_json(variables), &limits).map_err(|error| error.message)
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let query = "{ a }";
        assert_eq!(check(query, json!({ "a": vec![1; 19] })), Ok(()));
        let refused = check(query, json!({ "a": vec![1; 20] })).expect_err("refused");
        assert_eq!(refused, "The variables hold 21 values; the limit (variables) is 20.");
        assert_eq!(check(query, json!({ "a": [[[[1]]]] })), Ok(()));
        let refused = check(query, json!({ "a": {"b": [[[[1]]]]} })).expect_err("refused");
        assert_eq!(refused, "The variables are 6 levels deep; the limit (variable_depth) is 5.");
    }

    #[test]
    fn values_fit_the_declarations() {
        let query = "query($id: ID!, $n: Int = 5, $many: [Int!], $where: InvoiceWhere) { a }";
        for good in [
            json!({ "id": "x" }),
            json!({ "id": 7, "n": 3, "many": [1, 2], "where": { "any": "thing" } }),
            json!({ "id": "x", "n": null, "many": 3, "where": null, "other": 1 }),
        ] {
            assert_eq!(check(query, good), Ok(()));
        }
        for (bad, says) in [
            (json!({}), "Variable \"$id\" of required type \"ID!\" was not provided."),
            (json!({ "id": null }), "Variable \"$id\" of type \"ID!\" must not be null."),
            (json!({ "id": true }), "Variable \"$id\" has a value that is no ID!."),
            (json!({ "id": "x", "n": "3" }), "\"$n\" has a value that is no Int."),
            (json!({ "id": "x", "n": 4_000_000_000_u64 }), "no Int."),
            (json!({ "id": "x", "many": [1, null] }), "no [Int!]."),
        ] {
            let refused = check(query, bad.clone()).expect_err("refused");
            assert!(refused.contains(says), "{bad}: {refused}");
        }
    }
}
