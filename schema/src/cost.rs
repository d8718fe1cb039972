//! The complexity of a query: refused beyond its limit, and told in `extensions.cost` of each answer.

use crate::{document::Document, limits};
use async_graphql::{
    Response, ServerError, ValidationResult,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextRequest, NextValidation},
    value,
};
use std::sync::{Arc, OnceLock};

/// Adds the cost to the answers of a schema with this limit.
pub(crate) struct Cost {
    pub(crate) limit: usize,
}

impl ExtensionFactory for Cost {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(CostOfOne { limit: self.limit, complexity: OnceLock::new() })
    }
}

struct CostOfOne {
    limit: usize,
    complexity: OnceLock<usize>,
}

#[async_graphql::async_trait::async_trait]
impl Extension for CostOfOne {
    async fn request(&self, ctx: &ExtensionContext<'_>, next: NextRequest<'_>) -> Response {
        let response = next.run(ctx).await;
        match self.complexity.get() {
            Some(complexity) => response.extension("cost", value!({ "complexity": *complexity, "limit": self.limit })),
            None => response,
        }
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let known = ctx.data_opt::<Arc<Document>>().and_then(|document| document.validated.as_ref());
        let result = match known.and_then(OnceLock::get) {
            Some(result) => *result,
            None => next.run(ctx).await?,
        };
        if let Some(known) = known {
            // Whoever was first found the same.
            let _ = known.set(result);
        }
        // Each request has its own; it is validated once.
        let complexity = result.complexity;
        let _ = self.complexity.set(complexity);
        if complexity > self.limit {
            let what = format_args!("The answer may hold {complexity} values");
            return Err(vec![limits::refuse(what, "complexity", self.limit, None)]);
        }
        Ok(result)
    }
}
