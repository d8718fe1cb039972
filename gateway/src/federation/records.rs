//! Reads single records by their keys: from the record cache where it may, else in one call for each ERP.

use super::{
    freshness::Use,
    narrow::reference,
    source::{Limits, timed_out},
};
use crate::{
    erps::ConnectedErp,
    flight::{Flights, Landing},
};
use adapters::{
    Result,
    adapter::Ctx,
    model::{FieldSet, Record, RecordKey},
};
use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use moka::future::Cache;
use schema::ports::{Fetched, Origin, ReadOptions, RightsKey, ServedFrom};
use std::{collections::HashMap, sync::Arc};

/// What an ERP said of a key: the record, or that there is none.
#[derive(Debug)]
struct Held {
    record: Option<Arc<Record>>,
    fields: FieldSet,
    as_of: DateTime<Utc>,
}

impl Held {
    fn fetched(&self, served_from: ServedFrom) -> Option<Fetched> {
        let origin = Origin { served_from, as_of: self.as_of };
        self.record.clone().map(|record| Fetched { record, origin })
    }
}

type Found = Arc<HashMap<RecordKey, Arc<Held>>>;

/// A record as a generation of its ERP has it: what was read with other settings is another one.
type Key = (u64, RecordKey);

/// What is asked for a record, by those who may see and do the same.
type Flight = (Key, FieldSet, RightsKey);

/// Records, kept for all callers who may see the ERP.
pub(super) struct Records {
    held: Cache<Key, Arc<Held>>,
    flights: Arc<Flights<Flight, Found>>,
    limits: Limits,
    clock: fn() -> DateTime<Utc>,
}

impl Records {
    pub(super) fn new(limits: Limits, clock: fn() -> DateTime<Utc>) -> Arc<Self> {
        let held = Cache::builder()
            .max_capacity(limits.cache_bytes)
            .weigher(|(_, key): &Key, held: &Arc<Held>| {
                let size = size_of::<Held>() + key.id.len() + held.record.as_ref().map_or(0, |r| r.size());
                u32::try_from(size).unwrap_or(u32::MAX)
            })
            .time_to_live(limits.freshness.on_error)
            .build();
        Arc::new(Self { held, flights: Arc::default(), limits, clock })
    }

    /// Records of one entity of one ERP, one answer for each key.
    pub(super) async fn get(
        self: &Arc<Self>,
        erp: &Arc<ConnectedErp>,
        keys: &[RecordKey],
        fields: FieldSet,
        options: &ReadOptions,
        rights: &RightsKey,
    ) -> Vec<Result<Option<Fetched>>> {
        let now = (self.clock)();
        let cached = join_all(keys.iter().map(async |key| {
            let key = (erp.generation, key.clone());
            let held = self.held.get(&key).await.filter(|held| held.record.is_none() || held.fields.covers(fields))?;
            Some((self.limits.freshness.of(options, held.as_of, now), held))
        }));
        let cached: Vec<_> = cached.await;

        let of = |wanted: fn(&Use) -> bool| {
            let keys = keys.iter().zip(&cached).filter(move |(_, c)| c.as_ref().is_none_or(|(of, _)| wanted(of)));
            keys.map(|(key, _)| ((erp.generation, key.clone()), fields, rights.clone())).collect::<Vec<_>>()
        };
        let missing = of(|of| matches!(of, Use::IfErpFails | Use::Never));
        let landings = self.call(erp, &missing);
        // What has to be refreshed behind the callers' backs is not waited for.
        let old: Vec<_> = of(|of| *of == Use::Revalidate).into_iter().filter(|key| !missing.contains(key)).collect();
        drop(self.call(erp, &old));

        let wait = options.wait(self.limits.wait);
        let landed = tokio::time::timeout(wait, join_all(landings)).await;
        let mut landed = match landed {
            Ok(landed) => landed,
            Err(_) => missing.iter().map(|_| Err(timed_out(wait))).collect(),
        }
        .into_iter();

        keys.iter()
            .zip(cached)
            .map(|(key, cached)| match cached {
                Some((Use::Fresh, held)) => Ok(held.fetched(ServedFrom::Cache)),
                Some((Use::Revalidate, held)) => Ok(held.fetched(ServedFrom::StaleCache)),
                cached => match (landed.next(), cached) {
                    (Some(Ok(found)), _) => Ok(found.get(key).and_then(|held| held.fetched(ServedFrom::Live))),
                    (Some(Err(_)), Some((Use::IfErpFails, held))) => Ok(held.fetched(ServedFrom::StaleCache)),
                    (Some(Err(error)), _) => Err(error),
                    (None, _) => Ok(None),
                },
            })
            .collect()
    }

    fn call(self: &Arc<Self>, erp: &Arc<ConnectedErp>, keys: &[Flight]) -> Vec<Landing<Found>> {
        self.flights.join_all(keys, |keys| {
            let (this, erp) = (Arc::clone(self), Arc::clone(erp));
            async move {
                let Some(((generation, first), fields, _)) = keys.first() else { return Ok(Found::default()) };
                let (generation, entity, fields) = (*generation, first.entity, *fields);
                let ctx = Ctx::interactive((this.clock)(), this.limits.call);
                let ids: Vec<_> = keys.iter().map(|((_, key), ..)| reference(key)).collect();
                let records = erp.adapter.get_many(&ctx, entity, &ids, fields).await?;
                let held = |record| Arc::new(Held { record, fields, as_of: ctx.now });
                let found: HashMap<_, _> =
                    keys.into_iter().map(|((_, key), ..)| key).zip(records.into_iter().map(held)).collect();
                for (key, held) in &found {
                    this.held.insert((generation, key.clone()), Arc::clone(held)).await;
                }
                Ok(Arc::new(found))
            }
        })
    }
}
