//! The routes as they are now: replaced as a whole when the settings change.

use axum::{Router, http::Request, response::Response};
use hyper::{body::Incoming, service::Service};
use hyper_util::service::{TowerToHyperService, TowerToHyperServiceFuture};
use std::{
    convert::Infallible,
    sync::{Arc, PoisonError, RwLock},
};

/// Answers each request by the routes that there are when it arrives: it keeps them until it is answered.
#[derive(Clone)]
pub(crate) struct Live(Arc<RwLock<Router>>);

impl Live {
    pub(crate) fn new(router: Router) -> Self {
        Self(Arc::new(RwLock::new(router)))
    }

    /// From now on, requests take these.
    pub(crate) fn replace(&self, router: Router) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = router;
    }
}

impl Service<Request<Incoming>> for Live {
    type Response = Response;
    type Error = Infallible;
    type Future = TowerToHyperServiceFuture<Router, Request<Incoming>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        // A clone counts one up.
        let router = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        TowerToHyperService::new(router).call(request)
    }
}
