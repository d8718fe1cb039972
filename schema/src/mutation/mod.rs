//! The root of mutations. Each takes one `input` and gives one payload: what the caller can put right is told in its
//! `userErrors`, a lacking right and a fault are errors of the field. They are carried out one after the other.

mod access;
mod erps;
mod input;

pub(crate) use input::check_input;

use crate::{
    error::{ErrorCode, Result},
    id,
    ports::{self, Outcome, Refused},
};
use adapters::model::ErpId;
use async_graphql::{ID, MergedObject, Object};

/// What can be changed: ERPs are connected and API keys are made here.
#[derive(MergedObject, Default)]
pub(crate) struct Mutation(erps::ErpMutation, access::AccessMutation);

/// What came of a mutation, as its payload shows it.
struct Settled<T> {
    done: Option<T>,
    errors: Vec<ports::UserError>,
}

impl<T> Settled<T> {
    fn of(outcome: Outcome<T>) -> Result<Self> {
        match outcome {
            Ok(done) => Ok(Self { done: Some(done), errors: Vec::new() }),
            Err(Refused::Input(errors)) => Ok(Self { done: None, errors }),
            Err(Refused::Error(error)) => Err(error),
        }
    }

    fn user_errors(&self) -> Vec<UserError<'_>> {
        self.errors.iter().map(UserError).collect()
    }
}

/// What is wrong with an input.
struct UserError<'a>(&'a ports::UserError);

/// What is wrong with the input of a mutation. Nothing was changed.
#[Object]
impl UserError<'_> {
    /// The path to the wrong value within `input`; null where it is no single one.
    async fn field(&self) -> Option<&[String]> {
        Some(&*self.0.field).filter(|path| !path.is_empty())
    }
    /// What is wrong and what helps, in one sentence.
    async fn message(&self) -> &str {
        &self.0.message
    }
    /// What kind of thing is wrong.
    async fn code(&self) -> ErrorCode {
        self.0.code
    }
}

/// The ERP that a value of the input names. Whether there is one, and for this caller, the port decides.
fn erp_id(id: &ID, field: &[&str]) -> Result<ErpId, Refused> {
    id::erp(id).ok_or_else(|| unknown(field, "There is no such ERP."))
}

fn unknown(field: &[&str], message: &str) -> Refused {
    let error = ports::UserError::bad_input(field.iter().copied(), message);
    ports::UserError { code: ErrorCode::NotFound, ..error }.into()
}
