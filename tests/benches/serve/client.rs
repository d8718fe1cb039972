//! Clients that cost little: requests are made before, answers are only measured.

use std::{
    fmt,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Where requests go, and what they carry in turn.
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    pub(crate) bodies: Vec<String>,
}

/// A connection that is kept open.
pub(crate) struct Connection(BufReader<TcpStream>);

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket");
        Self(BufReader::with_capacity(1 << 16, stream))
    }

    /// The body of the answer, which has to be without errors.
    pub(crate) fn ask(&mut self, body: &str) -> Vec<u8> {
        let mut answer = Vec::new();
        self.send(&request(body), &mut answer);
        assert!(!answer.starts_with(b"{\"errors\""), "{}", String::from_utf8_lossy(&answer));
        answer
    }

    fn send(&mut self, request: &[u8], body: &mut Vec<u8>) {
        self.0.get_mut().write_all(request).expect("the server reads");
        let mut length = None;
        let mut line = String::new();
        let mut first = true;
        loop {
            line.clear();
            self.0.read_line(&mut line).expect("the server answers");
            if first {
                assert!(line.contains(" 200 "), "{line}");
                first = false;
            }
            if line == "\r\n" {
                break;
            }
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok();
            }
        }
        body.resize(length.expect("a length"), 0);
        self.0.read_exact(body).expect("a whole answer");
    }
}

fn request(body: &str) -> Vec<u8> {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// What came of a load.
pub(crate) struct Load {
    pub(crate) requests: usize,
    took: Duration,
    /// Sorted. With a given rate, from the moment at which a request was due: a queue counts.
    latencies: Vec<Duration>,
}

impl Load {
    /// So many clients for a time: as fast as they can, or at so many requests a second in all.
    pub(crate) fn run(target: &Target, clients: usize, rate: Option<f64>, time: Duration) -> Self {
        let requests: Arc<[Vec<u8>]> = target.bodies.iter().map(|body| request(body)).collect();
        let next = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        let threads: Vec<_> = (0..clients)
            .map(|_| {
                let (requests, next, address) = (Arc::clone(&requests), Arc::clone(&next), target.address);
                thread::spawn(move || {
                    let mut connection = Connection::open(address);
                    let (mut body, mut latencies) = (Vec::new(), Vec::new());
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let due = match rate {
                            Some(rate) => start + Duration::from_secs_f64(number as f64 / rate),
                            None => Instant::now(),
                        };
                        if due - start >= time || start.elapsed() >= time * 2 {
                            return latencies;
                        }
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        connection.send(&requests[number % requests.len()], &mut body);
                        latencies.push(due.elapsed());
                    }
                })
            })
            .collect();
        let mut latencies: Vec<Duration> =
            threads.into_iter().flat_map(|thread| thread.join().expect("no client fails")).collect();
        latencies.sort_unstable();
        Self { requests: latencies.len(), took: start.elapsed(), latencies }
    }

    pub(crate) fn rate(&self) -> f64 {
        self.requests as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn percentile(&self, share: f64) -> Duration {
        let at = (self.latencies.len() as f64 * share) as usize;
        self.latencies.get(at.min(self.latencies.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |share| self.percentile(share).as_secs_f64() * 1e3;
        write!(f, "p50 {:.2} ms, p99 {:.2} ms", ms(0.5), ms(0.99))
    }
}
