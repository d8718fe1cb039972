//! Every migration on both databases, again, from a newer gateway, and by several at once.

use tests::{Base, master_key, on_both_stores};

on_both_stores!(apply_once);

async fn apply_once(base: Base) {
    let key = master_key();
    base.store(&key).await;
    base.store(&key).await;
}
