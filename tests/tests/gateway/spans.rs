//! What a trace of a query shows: one span for each request to an ERP, under the query's own.

use crate::start;
use std::sync::{Arc, Mutex};
use tests::Setup;
use tracing::{
    Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, layer::SubscriberExt, registry::LookupSpan};

/// Each span that began: its name, the name of the outermost span around it, and what it tells.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<Seen>>>);

#[derive(Clone, Debug)]
struct Seen {
    id: u64,
    name: &'static str,
    root: &'static str,
    fields: String,
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!("{}={value:?} ", field.name()));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let span = context.span(id).expect("it has just begun");
        let root = span.scope().from_root().next().map_or("", |root| root.name());
        let mut fields = String::new();
        attributes.record(&mut Fields(&mut fields));
        self.0.lock().expect("not poisoned").push(Seen { id: id.into_u64(), name: span.name(), root, fields });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut seen = self.0.lock().expect("not poisoned");
        let span = seen.iter_mut().rev().find(|span| span.id == id.into_u64()).expect("it began");
        values.record(&mut Fields(&mut span.fields));
    }
}

#[tokio::test]
async fn every_request_to_an_erp_is_a_span_under_its_query() {
    let spans = Spans::default();
    let _guard = tracing::subscriber::set_default(tracing_subscriber::registry().with(spans.clone()));
    let (app, _clock) = start(Setup::default()).await;
    app.warm_up().await;
    spans.0.lock().expect("not poisoned").clear();
    app.data("query Page { invoices(first: 50) { nodes { number customer { name } } } }").await;
    let seen = spans.0.lock().expect("not poisoned").clone();
    let queries: Vec<_> = seen.iter().filter(|span| span.name == "graphql").collect();
    assert!(matches!(&queries[..], [one] if one.fields.contains("graphql.operation.name=\"Page\"")), "{seen:#?}");
    let upstream: Vec<_> = seen.iter().filter(|span| span.name == "upstream").collect();
    assert_eq!(upstream.len() as u64, app.requests().iter().sum::<u64>(), "{seen:#?}");
    for span in upstream {
        assert_eq!(span.root, "graphql", "{span:?}");
        assert!(span.fields.contains("erp.id=") && span.fields.contains("http.response.status_code=200"), "{span:?}");
    }
}
