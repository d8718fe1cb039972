//! Requests to the Service Layer: reads one by one or many in a batch, to their last page.

use super::{config::Version, fault::of_part};
use crate::{
    adapter::Ctx,
    error::{Error, Result},
    http::{BoxHttp, Request, Response},
    model::SourceSet,
    odata::{batch, body::Page, query::Query},
};
use bytes::Bytes;
use futures_util::future::try_join_all;
use http::{
    HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use url::Url;

/// At most this many reads go into one batch: the service carries them out one after the other.
pub(super) const BATCH: usize = 100;
/// A longer address goes into a batch, even alone: web servers refuse request lines of more than 8 kB.
const LONG_ADDRESS: usize = 4000;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const CASE_INSENSITIVE: HeaderName = HeaderName::from_static("b1s-caseinsensitive");
const MULTIPART: HeaderValue = HeaderValue::from_static("multipart/mixed");

/// A list that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) set: SourceSet,
    pub(super) select: String,
    pub(super) filter: String,
    pub(super) order: String,
    pub(super) skip: u64,
    /// At most this many rows.
    pub(super) top: usize,
    /// Whether all rows that pass are counted.
    pub(super) count: bool,
}

impl Ask {
    /// The query for what comes after the rows that were already read.
    fn query(&self, version: Version, read: usize) -> Query {
        let skip = self.skip + read as u64;
        let query = Query::new(self.set.as_str())
            .option("$select", &*self.select)
            .option_unless_empty("$filter", self.filter.clone())
            .option_unless_empty("$orderby", self.order.clone())
            .option("$top", (self.top - read).to_string())
            .option_unless_empty("$skip", if skip == 0 { String::new() } else { skip.to_string() });
        match (self.count && read == 0, version) {
            (false, _) => query,
            (true, Version::V1) => query.option("$inlinecount", "allpages"),
            (true, Version::V2) => query.option("$count", "true"),
        }
    }
}

/// How reads are made.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner {
    /// Whether HANA ignores capital and small letters in comparisons.
    pub(super) folded: bool,
    /// How many rows a page may have: the service's own default is 20.
    page: usize,
}

impl Manner {
    pub(super) fn folded(folded: bool) -> Self {
        Self { folded, page: 0 }
    }

    fn headers(self, accept: &'static str) -> Vec<(HeaderName, String)> {
        let mut headers = vec![(ACCEPT, accept.to_owned())];
        if self.page > 0 {
            headers.push((PREFER, format!("odata.maxpagesize={}", self.page)));
        }
        if self.folded {
            headers.push((CASE_INSENSITIVE, "true".to_owned()));
        }
        headers
    }
}

/// The Service Layer of one company.
pub(super) struct Service {
    http: BoxHttp,
    root: Url,
    version: Version,
}

impl Service {
    pub(super) fn new(http: BoxHttp, root: Url, version: Version) -> Self {
        Self { http, root, version }
    }

    /// The rows of many lists, each up to its limit.
    pub(super) async fn pages(&self, ctx: &Ctx, asks: &[Ask], manner: Manner) -> Result<Vec<Page>> {
        let manner = Manner { page: asks.iter().map(|ask| ask.top).max().unwrap_or(0), ..manner };
        let mut pages = vec![Page::default(); asks.len()];
        let mut open: Vec<usize> = (0..asks.len()).collect();
        // More than one round only where the service insists on smaller pages. It continues lists by `$skip` itself; its links
        // repeat the options as it understood them, so that they are not sent back.
        while !open.is_empty() {
            let queries: Vec<_> = open.iter().map(|at| asks[*at].query(self.version, pages[*at].rows.len())).collect();
            let bodies = self.read(ctx, &queries, manner, "application/json").await?;
            let mut unfinished = Vec::new();
            for (at, body) in open.into_iter().zip(bodies) {
                let (page, whole) = (Page::read(&body)?, &mut pages[at]);
                let progress = !page.rows.is_empty();
                whole.rows.extend(page.rows);
                whole.rows.truncate(asks[at].top);
                whole.count = whole.count.or(page.count);
                if page.more && progress && whole.rows.len() < asks[at].top {
                    unfinished.push(at);
                }
            }
            open = unfinished;
        }
        Ok(pages)
    }

    /// The groups that `$apply` makes, as many as one page holds.
    pub(super) async fn applied(&self, ctx: &Ctx, queries: &[Query], page: usize) -> Result<Vec<Page>> {
        let bodies = self.read(ctx, queries, Manner { folded: false, page }, "application/json").await?;
        bodies.iter().map(Page::read).collect()
    }

    /// How many rows of each set pass a filter.
    pub(super) async fn counts(&self, ctx: &Ctx, sets: &[(SourceSet, String)]) -> Result<Vec<u64>> {
        let query = |(set, filter): &(SourceSet, String)| {
            Query::new(format!("{set}/$count")).option_unless_empty("$filter", filter.clone())
        };
        let queries: Vec<_> = sets.iter().map(query).collect();
        let bodies = self.read(ctx, &queries, Manner::default(), "*/*").await?;
        let number = |body: &Bytes| std::str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim().parse().ok();
        bodies
            .iter()
            .map(|body| number(body).ok_or_else(|| Error::bad_response("the ERP's answer is no number of records")))
            .collect()
    }

    /// The bodies of many reads; the first failure is the failure of all.
    async fn read(&self, ctx: &Ctx, queries: &[Query], manner: Manner, accept: &'static str) -> Result<Vec<Bytes>> {
        let chunks = queries.chunks(BATCH).map(|chunk| async move {
            match chunk {
                [one] if one.to_string().len() <= LONG_ADDRESS => Ok(vec![self.get(ctx, one, manner, accept).await?]),
                many => self.batch(ctx, many, manner, accept, Err).await,
            }
        });
        Ok(try_join_all(chunks).await?.concat())
    }

    /// What became of each read, of which some may fail.
    pub(super) async fn try_read(&self, ctx: &Ctx, queries: &[Query]) -> Result<Vec<Result<Bytes>>> {
        let mut failures = Vec::new();
        let bodies = self.batch(ctx, queries, Manner::default(), "application/json", |failure| {
            failures.push(failure);
            Ok(Bytes::new())
        });
        let bodies = bodies.await?;
        let mut failures = failures.into_iter();
        // A body that was read is never empty: the empty ones stand for the failures, in their order.
        Ok(bodies
            .into_iter()
            .map(|body| if body.is_empty() { failures.next().map_or(Ok(body), Err) } else { Ok(body) })
            .collect())
    }

    async fn get(&self, ctx: &Ctx, query: &Query, manner: Manner, accept: &'static str) -> Result<Bytes> {
        let mut request = Request::get(self.url(&query.to_string())?, "read");
        set_headers(&mut request, manner.headers(accept))?;
        let response = self.http.send(ctx, request).await.map_err(|error| at(query, error))?;
        Ok(response.body)
    }

    /// Reads in batches until each read has its answer: the service stops at the first that fails, and what comes after it is
    /// asked again (guide, 3.10.6).
    async fn batch(
        &self,
        ctx: &Ctx,
        queries: &[Query],
        manner: Manner,
        accept: &'static str,
        mut failed: impl FnMut(Error) -> Result<Bytes> + Send,
    ) -> Result<Vec<Bytes>> {
        let mut bodies = Vec::with_capacity(queries.len());
        while bodies.len() < queries.len() {
            let rest = &queries[bodies.len()..];
            let parts = self.exchange(ctx, rest, manner, accept).await?;
            if parts.is_empty() || parts.len() > rest.len() {
                return Err(Error::bad_response(
                    "the ERP's answer to a batch has another number of parts than was asked for",
                ));
            }
            for (part, query) in parts.iter().zip(rest) {
                bodies.push(match of_part(part) {
                    Ok(body) => body,
                    Err(failure) => failed(at(query, failure))?,
                });
            }
        }
        Ok(bodies)
    }

    async fn exchange(
        &self,
        ctx: &Ctx,
        queries: &[Query],
        manner: Manner,
        accept: &'static str,
    ) -> Result<Vec<batch::Part>> {
        // The service sees its own paths, also behind a proxy that adds to them.
        let root = self.root.path();
        let root = root.rfind("/b1s/").map_or(root, |at| &root[at..]);
        let targets: Vec<_> = queries.iter().map(|query| format!("{root}{query}")).collect();
        // Whether the service heeds the headers of a part is not documented; those of the batch itself it does.
        let headers = manner.headers(accept);
        let inner: Vec<_> = headers.iter().map(|(name, value)| (title(name), value.clone())).collect();
        let body = batch::write(&targets, &inner);
        let mut request = Request::new(Method::POST, self.url("$batch")?, "batch").idempotent().body(body);
        set_headers(&mut request, headers)?;
        request.headers.insert(ACCEPT, MULTIPART);
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(batch::CONTENT_TYPE));
        let response = self.http.send(ctx, request).await?;
        batch::read(response.header(CONTENT_TYPE).unwrap_or_default(), &response.body)
    }

    /// Calls a function that changes nothing.
    pub(super) async fn function(&self, ctx: &Ctx, name: &'static str, body: &serde_json::Value) -> Result<Response> {
        let mut request = Request::post_json(self.url(name)?, name, body)?.idempotent();
        set_headers(&mut request, vec![(PREFER, "odata.maxpagesize=0".to_owned())])?;
        self.http.send(ctx, request).await
    }

    /// Sends what a path below the root is to be told; doing it twice does no more than doing it once.
    pub(super) async fn post(
        &self,
        ctx: &Ctx,
        path: &str,
        operation: &'static str,
        body: &serde_json::Value,
        page: usize,
    ) -> Result<Response> {
        let mut request = Request::post_json(self.url(path)?, operation, body)?.idempotent();
        set_headers(&mut request, Manner { folded: false, page }.headers("application/json"))?;
        self.http.send(ctx, request).await
    }

    /// Sends an operator's own request.
    pub(super) async fn send(&self, ctx: &Ctx, request: Request) -> Result<Response> {
        self.http.send(ctx, request).await
    }

    /// The address of a path below the service's root.
    ///
    /// # Errors
    /// [`Invalid`](crate::ErrorKind::Invalid) where it is elsewhere.
    pub(super) fn url(&self, relative: &str) -> Result<Url> {
        let wrong = || Error::invalid("This is no path below the root of the Service Layer.");
        let url = self.root.join(relative).map_err(|_| wrong())?;
        let below = url.origin() == self.root.origin() && url.path().starts_with(self.root.path());
        if below { Ok(url) } else { Err(wrong()) }
    }
}

fn set_headers(request: &mut Request, headers: Vec<(HeaderName, String)>) -> Result<()> {
    for (name, value) in headers {
        let value = value.parse().map_err(|_| Error::invalid("a value that no header can carry"))?;
        request.headers.insert(name, value);
    }
    Ok(())
}

/// A header's name as people write it.
fn title(name: &HeaderName) -> &'static str {
    if *name == PREFER {
        "Prefer"
    } else if *name == CASE_INSENSITIVE {
        "B1S-CaseInsensitive"
    } else {
        "Accept"
    }
}

/// Says in the log which read failed.
fn at(query: &Query, mut error: Error) -> Error {
    let detail = error.detail.take().unwrap_or_default();
    error.detail = Some(format!("{}: {detail}", query.resource()));
    error
}
