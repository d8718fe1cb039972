//! A TCP listener whose connections can be broken: one by a fault, all of them when the simulator stops.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Accepts connections until `stopped` turns true.
pub(crate) struct BreakableListener {
    pub(crate) tcp: TcpListener,
    pub(crate) stopped: watch::Receiver<bool>,
}

impl Listener for BreakableListener {
    type Io = BreakableStream;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (tcp, _) = Listener::accept(&mut self.tcp).await;
        // Small answers to sequential requests would otherwise wait for delayed acknowledgements.
        let _ = tcp.set_nodelay(true);
        let broken = Arc::new(AtomicBool::new(false));
        let mut stopped = self.stopped.clone();
        let stop = Box::pin(async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
        });
        (BreakableStream { tcp, broken: Arc::clone(&broken), stop }, Peer { broken })
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(Peer { broken: Arc::default() })
    }
}

/// The other end of a connection, as a request handler sees it.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    broken: Arc<AtomicBool>,
}

impl Peer {
    /// Breaks the connection: the answer to the current request is never sent.
    pub(crate) fn disconnect(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }
}

impl Connected<IncomingStream<'_, BreakableListener>> for Peer {
    fn connect_info(stream: IncomingStream<'_, BreakableListener>) -> Self {
        stream.remote_addr().clone()
    }
}

/// A connection that fails once it is broken or the simulator has stopped.
pub(crate) struct BreakableStream {
    tcp: TcpStream,
    broken: Arc<AtomicBool>,
    stop: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl BreakableStream {
    fn check(&self) -> io::Result<()> {
        if self.broken.load(Ordering::Relaxed) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        if self.stop.as_mut().poll(cx).is_ready() {
            // Also keeps the finished future from being polled again.
            self.broken.store(true, Ordering::Relaxed);
            self.check()?;
        }
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
