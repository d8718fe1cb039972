//! Calls in an ERP's own terms, within limits of time and size.

use super::connected::ConnectedErp;
use adapters::{
    ErrorKind,
    adapter::{Ctx, RawCall},
};
use chrono::{DateTime, Utc};
use schema::error::{Error, ErrorCode, Result};
use std::{io, time::Duration};
use tokio::time::timeout;

/// The longest answer that is passed on, as JSON.
const MAX_BYTES: usize = 8 << 20;

/// Calls an ERP: what it answered, or how it failed.
pub(super) async fn call(
    erp: &ConnectedErp,
    call: &RawCall,
    patience: Duration,
    now: DateTime<Utc>,
) -> Result<serde_json::Value> {
    let of_source = |error: &adapters::Error| Error::of_source(error, erp.id.clone(), erp.system);
    let answer = timeout(patience, erp.adapter.call(&Ctx::interactive(now, patience), call)).await;
    let answer = answer.unwrap_or_else(|_| {
        Err(adapters::Error::new(
            ErrorKind::Timeout,
            format!("The ERP did not answer within {} ms.", patience.as_millis()),
        ))
    });
    let answer = answer.map_err(|error| {
        tracing::warn!(erp.id = %erp.id, erp.system = erp.system, ?error, "a raw call failed");
        if error.kind == ErrorKind::Unauthorized {
            erp.suspect();
        }
        of_source(&error)
    })?;
    if serde_json::to_writer(Room(MAX_BYTES), &answer).is_err() {
        let message = format!("The answer is longer than {MAX_BYTES} bytes: ask for fewer records or fields.");
        let source = Some((erp.id.clone(), erp.system.into()));
        return Err(Error { source, ..Error::new(ErrorCode::SourceBadResponse, message) });
    }
    Ok(answer)
}

/// Takes so many bytes and keeps none.
struct Room(usize);

impl io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
