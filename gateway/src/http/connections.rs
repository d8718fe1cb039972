//! Accepts connections: so many at once, each with a time to send its request, and all with a chance to end.

use super::{Live, peer::Peer, stream::Patient};
use hyper::{Request, body::Incoming, server::conn::http1, service::Service};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{io, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{sleep, timeout},
};

/// How many connections there may be, and how patient they are served.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionLimits {
    /// The most at once.
    pub(crate) connections: usize,
    /// How long the head of a request may take, from the end of the one before.
    pub(crate) head: Duration,
    /// How long an answer waits for a client that reads nothing of it.
    pub(crate) answer: Duration,
}

/// After running out of something that a closing connection gives back, for example of open files.
const PAUSE: Duration = Duration::from_millis(200);
/// How long and to how many at once a full server says so.
const FULL: (Duration, usize) = (Duration::from_secs(1), 64);

/// Serves connections until it is told to stop, then lets them end their requests.
pub(crate) async fn serve(
    listener: TcpListener,
    service: Live,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(limits.head);
    let free = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
    let refusing = Arc::new(Semaphore::new(FULL.1));
    let ending = watch::Sender::new(());
    let open = metrics::gauge!("erp_gateway_connections");
    tokio::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, Peer(peer.ip())),
            Err(error) => {
                if !is_of_one_connection(&error) {
                    tracing::error!(%error, "no connection can be accepted");
                    sleep(PAUSE).await;
                }
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&free).try_acquire_owned() else {
            metrics::counter!("erp_gateway_connections_refused_total").increment(1);
            // Beyond these, closing has to be answer enough.
            if let Ok(permit) = Arc::clone(&refusing).try_acquire_owned() {
                tokio::spawn(async move {
                    // Whoever does not take the answer gets none.
                    let _ = timeout(FULL.0, refuse(stream)).await;
                    drop(permit);
                });
            }
            continue;
        };
        // Answers are written whole: waiting for more to send only delays them. It works without, too.
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        let answer = hyper::service::service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(peer);
            service.call(request)
        });
        let connection =
            builder.serve_connection(TokioIo::new(Patient::new(stream, limits.answer)), answer).with_upgrades();
        let mut told_to_end = ending.subscribe();
        open.increment(1);
        let open = open.clone();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = &mut connection => ended,
                _ = told_to_end.changed() => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection broke off");
            }
            open.decrement(1);
            drop(permit);
        });
    }
    drop(listener);
    // Nobody is told if nobody is there.
    let _ = ending.send(());
    ending.closed().await;
}

/// Whether only one connection failed, and not the listener.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    const BODY: &str =
        r#"{"errors":[{"message":"The server has too many connections.","extensions":{"code":"RATE_LIMITED"}}]}"#;
    let head = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json; charset=utf-8\r\nretry-after: 1\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        BODY.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(BODY.as_bytes()).await?;
    stream.shutdown().await?;
    // A request that nobody reads would make the system throw the answer away.
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}
