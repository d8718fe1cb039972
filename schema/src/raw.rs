//! Which of the ERPs' own records an answer shows: the audit log tells it.

use adapters::model::{EntityType, ErpId, RecordKey};
use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

/// The ERPs' own records in the answer to one request, each once.
#[derive(Clone, Default)]
pub(crate) struct RawReads(Arc<Mutex<HashSet<RecordKey>>>);

impl RawReads {
    /// The answer shows the ERP's own record of this one.
    pub(crate) fn shown(&self, record: &RecordKey) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !shown.contains(record) {
            shown.insert(record.clone());
        }
    }

    /// How many of which.
    pub(crate) fn counts(&self) -> BTreeMap<(ErpId, EntityType), u32> {
        let mut counts = BTreeMap::new();
        for record in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            *counts.entry((record.erp.clone(), record.entity)).or_default() += 1;
        }
        counts
    }
}
