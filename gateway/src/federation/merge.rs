//! Merges the pages of many sources into one, and remembers where each source stands after every row.

use super::cursor::{At, Place, Seal};
use adapters::{
    adapter::{Order, Position, Row},
    model::{Direction, ErpId, Record, SourceSet, Value},
};
use chrono::{DateTime, Utc};
use schema::ports::ServedFrom;
use std::{cmp::Ordering, sync::Arc};

/// The records of one source set of one ERP, in the source's own order.
#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) erp: ErpId,
    pub(super) set: SourceSet,
    /// Where it stood before the page.
    pub(super) start: Option<Position>,
    pub(super) rows: Vec<Row>,
    /// Where the source goes on after the rows.
    pub(super) next: Option<Position>,
    pub(super) served_from: ServedFrom,
    pub(super) as_of: DateTime<Utc>,
}

/// A merged page.
pub(super) struct Merged {
    pub(super) streams: Vec<Stream>,
    /// For each row of the page the stream it comes from.
    pub(super) picks: Vec<usize>,
    /// Sources that are not read in this page, with their places: they failed, or were at their end before.
    pub(super) others: Vec<Place>,
}

/// The first records of all streams in the order. The order within a stream is the source's own and never changed: its
/// collation of text may differ from ours, and its places count by it.
pub(super) fn merge(streams: Vec<Stream>, others: Vec<Place>, order: &[Order], first: usize) -> Merged {
    let mut taken = vec![0; streams.len()];
    let mut picks = Vec::with_capacity(first.min(streams.iter().map(|s| s.rows.len()).sum()));
    while picks.len() < first {
        let mut best: Option<usize> = None;
        let mut dry = false;
        for (at, stream) in streams.iter().enumerate() {
            match stream.rows.get(taken[at]) {
                None => dry |= stream.next.is_some(),
                Some(row) => {
                    let ahead = |best: usize| {
                        let other = &streams[best].rows[taken[best]];
                        compare(order, &row.record, &other.record).is_lt()
                    };
                    if best.is_none_or(ahead) {
                        best = Some(at);
                    }
                }
            }
        }
        match best {
            // A source whose next record is not known yet might have to come first.
            Some(at) if !dry => {
                picks.push(at);
                taken[at] += 1;
            }
            _ => break,
        }
    }
    Merged { streams, picks, others }
}

/// The order of two records of any ERPs: by the keys, records without a value last, then by source and id.
fn compare(order: &[Order], a: &Record, b: &Record) -> Ordering {
    for key in order {
        let (x, y) = (a.get(key.field), b.get(key.field));
        let ordering = match (x, y) {
            (Value::Null, _) | (_, Value::Null) => x.compare(y),
            _ if key.direction == Direction::Desc => y.compare(x),
            _ => x.compare(y),
        };
        if ordering.is_ne() {
            return ordering;
        }
    }
    Ordering::Equal
}

impl Merged {
    /// How many records of each stream the page shows, up to its first `rows` rows.
    fn taken(&self, rows: usize) -> Vec<usize> {
        let mut taken = vec![0; self.streams.len()];
        for pick in &self.picks[..rows] {
            taken[*pick] += 1;
        }
        taken
    }

    /// The rows of the page.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&Row, &Stream)> {
        let mut taken = vec![0; self.streams.len()];
        self.picks.iter().map(move |pick| {
            let stream = &self.streams[*pick];
            taken[*pick] += 1;
            (&stream.rows[taken[*pick] - 1], stream)
        })
    }

    /// The cursor of a row.
    pub(super) fn cursor(&self, row: usize, query: &str, seal: &Seal) -> String {
        let taken = self.taken(row + 1);
        let places = self.streams.iter().zip(taken).map(|(stream, taken)| {
            let at = match taken.checked_sub(1).and_then(|last| stream.rows.get(last)) {
                Some(_) if taken == stream.rows.len() && stream.next.is_none() => At::End,
                Some(row) => At::After(row.position.clone()),
                None if stream.rows.is_empty() && stream.next.is_none() => At::End,
                None => stream.start.clone().map_or(At::Start, At::After),
            };
            Place { erp: stream.erp.clone(), set: stream.set.clone(), at }
        });
        let places: Vec<_> = places.chain(self.others.iter().cloned()).collect();
        seal.close(query, &places)
    }

    /// Whether any source that was read has more.
    pub(super) fn has_more(&self) -> bool {
        let taken = self.taken(self.picks.len());
        self.streams.iter().zip(taken).any(|(stream, taken)| taken < stream.rows.len() || stream.next.is_some())
    }

    /// What was read and is not shown: for each stream with such records the place after the shown ones.
    pub(super) fn rests(&self) -> impl Iterator<Item = (&Stream, &Position, &[Row])> {
        let taken = self.taken(self.picks.len());
        self.streams.iter().zip(taken).filter_map(|(stream, taken)| {
            let last = stream.rows.get(taken.checked_sub(1)?)?;
            let rest = &stream.rows[taken..];
            (!rest.is_empty()).then_some((stream, &last.position, rest))
        })
    }
}

/// A row's cursor as the API asks for it.
pub(super) fn cursors(merged: Arc<Merged>, query: String, seal: Arc<Seal>) -> schema::ports::Cursors {
    Arc::new(move |row| merged.cursor(row, &query, &seal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters::model::{EntityType, RecordKey};

    fn stream(erp: &str, dates: &[Option<&str>], more: bool) -> Stream {
        let field = EntityType::Invoice.def().id_of("issueDate").expect("a field");
        let rows = dates.iter().enumerate().map(|(at, date)| {
            let id: Box<str> = at.to_string().into();
            let key = RecordKey { entity: EntityType::Invoice, erp: erp.into(), set: "s".into(), id: id.clone() };
            let value = date.map_or(Value::Null, |d| Value::Date(d.parse().expect("a date")));
            let position = Position::After { values: vec![value.clone()], id };
            Row {
                record: Arc::new(Record::new(key, DateTime::UNIX_EPOCH, [field].into_iter().collect(), vec![value])),
                position,
            }
        });
        Stream {
            erp: erp.into(),
            set: "s".into(),
            start: None,
            rows: rows.collect(),
            next: more.then_some(Position::Offset(9)),
            served_from: ServedFrom::Live,
            as_of: DateTime::UNIX_EPOCH,
        }
    }

    fn merged(streams: Vec<Stream>, first: usize, direction: Direction) -> (String, bool) {
        let field = EntityType::Invoice.def().id_of("issueDate").expect("a field");
        let merged = merge(streams, vec![], &[Order { field, direction }], first);
        let rows: Vec<_> =
            merged.rows().map(|(row, _)| format!("{}{}", row.record.key.erp, row.record.key.id)).collect();
        (rows.join(" "), merged.has_more())
    }

    #[test]
    fn records_come_in_order_with_nulls_last() {
        let a = || stream("a", &[Some("2026-03-01"), Some("2026-01-01"), None], false);
        let b = || stream("b", &[Some("2026-02-01"), None], false);
        assert_eq!(merged(vec![a(), b()], 9, Direction::Desc), ("a0 b0 a1 a2 b1".into(), false));
        assert_eq!(merged(vec![a(), b()], 2, Direction::Desc), ("a0 b0".into(), true));
    }

    #[test]
    fn a_source_that_ran_dry_stops_the_page() {
        let a = stream("a", &[Some("2026-01-01")], true);
        let b = stream("b", &[Some("2026-02-01"), Some("2026-03-01")], false);
        assert_eq!(merged(vec![a, b], 9, Direction::Asc), ("a0".into(), true));
    }
}
