//! Work that is finished although nobody waits for it any more.

use std::{
    pin::Pin,
    task::{Context, Poll},
};
use tokio::runtime::Handle;

/// A future that goes on in the background when it is dropped before its end: a client that hangs up still pays for what it
/// has asked, and a mutation is not cut in half.
pub(super) struct Finish<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> Finish<T> {
    pub(super) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<T: Send + 'static> Future for Finish<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let ended = work.as_mut().poll(cx);
        if ended.is_ready() {
            self.0 = None;
        }
        ended
    }
}

impl<T: Send + 'static> Drop for Finish<T> {
    fn drop(&mut self) {
        // Without a runtime the whole process is ending.
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            drop(runtime.spawn(work));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn dropped_work_is_finished() {
        assert_eq!(Finish::new(async { 7 }).await, 7);
        let ((go, wait), (done, is_done)) = (oneshot::channel::<()>(), oneshot::channel());
        let mut work = Finish::new(async move {
            let _ = wait.await;
            let _ = done.send(8);
        });
        assert!(futures_util::poll!(&mut work).is_pending());
        drop(work);
        go.send(()).expect("it still waits");
        assert_eq!(is_done.await, Ok(8));
    }
}
