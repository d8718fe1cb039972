//! What is done around async-graphql's validation: a query beyond the limit of complexity is refused, its cost is told in
//! `extensions.cost` of each answer, and mutations that would fail half-way are refused before the first.

use crate::{document::Document, limits, mutation};
use async_graphql::{
    Response, ServerError, ServerResult, ValidationResult, Variables,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextParseQuery, NextRequest, NextValidation},
    parser::types::ExecutableDocument,
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

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let document = next.run(ctx, query, variables).await?;
        mutation::check_input(&ctx.schema_env.registry, &document, variables)?;
        Ok(document)
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
