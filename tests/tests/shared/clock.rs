//! A clock that runs fast: back-offs, quotas and cool-downs pass in milliseconds, and real sockets still have the time they
//! need, since a request under way slows it down.

use simulators::Running;
use std::{
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{sync::Notify, task::JoinHandle};

/// How far the clock goes in a real millisecond while nobody waits for an answer.
const IDLE: Duration = Duration::from_millis(50);
/// The same while a request is under way.
const BUSY: Duration = Duration::from_millis(4);

/// Runs until it is dropped.
pub(crate) struct FastClock {
    stop: Arc<AtomicBool>,
    driver: JoinHandle<()>,
    simulators: Simulators,
}

/// Those whose clocks go with the runtime's.
type Simulators = Arc<Mutex<Vec<Weak<Running>>>>;

impl FastClock {
    /// Starts it for this runtime.
    pub(crate) fn start() -> Self {
        tokio::time::pause();
        let (tick, stop) = (Arc::new(Notify::new()), Arc::new(AtomicBool::new(false)));
        let (ticks, stopped) = (Arc::clone(&tick), Arc::clone(&stop));
        // As long as such a task runs, tokio does not jump to the next timer by itself.
        tokio::task::spawn_blocking(move || {
            while !stopped.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
                ticks.notify_one();
            }
        });
        let simulators = Simulators::default();
        let driver = tokio::spawn(drive(Arc::clone(&simulators), tick));
        Self { stop, driver, simulators }
    }

    /// Takes a simulator along.
    pub(crate) fn take_along(&self, simulator: &Arc<Running>) {
        self.simulators.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(simulator));
    }
}

impl Drop for FastClock {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.driver.abort();
    }
}

async fn drive(simulators: Simulators, tick: Arc<Notify>) {
    loop {
        tick.notified().await;
        let step = advance(&simulators);
        tokio::time::advance(step).await;
    }
}

/// Moves the simulators' clocks, and tells by how much.
fn advance(simulators: &Simulators) -> Duration {
    let simulators = simulators.lock().unwrap_or_else(PoisonError::into_inner);
    let running: Vec<_> = simulators.iter().filter_map(Weak::upgrade).collect();
    let busy = running.iter().any(|simulator| simulator.stats().in_flight > 0);
    let step = if busy { BUSY } else { IDLE };
    running.iter().for_each(|simulator| simulator.simulator().clock().advance(step));
    step
}
