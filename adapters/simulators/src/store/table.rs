//! One table: rows by id, sorted indexes on chosen columns, and the plan that uses them.

use std::{
    borrow::Cow,
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    ops::{Bound, Index},
};

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    Cell, Filter, Op, Sort, StoreError, Text,
    cells::{self, Cells},
};

/// A column with at most this many different texts keeps one copy of each.
const WORDS_PER_COLUMN: usize = 64;

/// What a table looks like.
#[derive(Clone, Debug)]
pub struct Schema {
    name: &'static str,
    columns: Vec<&'static str>,
    key: Option<&'static str>,
    indexes: Vec<&'static str>,
}

impl Schema {
    /// A table with these columns, in the order in which rows show them.
    pub fn new(name: &'static str, columns: &[&'static str]) -> Self {
        Self { name, columns: columns.to_vec(), key: None, indexes: Vec::new() }
    }

    /// Names the column that shows the row's id: filled by the table, and as quick to filter by as the id.
    pub fn key(mut self, column: &'static str) -> Self {
        self.key = Some(column);
        self
    }

    /// Keeps a sorted index, so that equality, `In` and ranges on this column need no scan.
    pub fn index(mut self, column: &'static str) -> Self {
        self.indexes.push(column);
        self
    }

    /// Makes the empty table.
    ///
    /// # Panics
    /// If the key or an index names a column that is not there, or there are more columns than rows can have.
    pub fn build(self) -> Table {
        assert!(self.columns.len() <= cells::MOST, "table {} has too many fields", self.name);
        let positions: HashMap<_, _> = self.columns.iter().enumerate().map(|(at, name)| (*name, at)).collect();
        let position =
            |name: &str| *positions.get(name).unwrap_or_else(|| panic!("table {} has no field {name}", self.name));
        Table {
            name: self.name,
            key: self.key.map(position),
            indexes: self.indexes.iter().map(|name| (position(name), BTreeMap::new())).collect(),
            words: vec![Words::default(); self.columns.len()],
            columns: self.columns,
            positions,
            rows: BTreeMap::new(),
            next_id: 1,
        }
    }
}

/// Rows in the order of their ids.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    columns: Vec<&'static str>,
    positions: HashMap<&'static str, usize>,
    key: Option<usize>,
    rows: BTreeMap<i64, Cells>,
    /// Column, and for each of its values the ids of the rows that have it, ascending.
    indexes: Vec<(usize, BTreeMap<Cell, Vec<i64>>)>,
    words: Vec<Words>,
    next_id: i64,
}

impl Table {
    /// The name of the table.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[&'static str] {
        &self.columns
    }

    /// The position of a column.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The id that the next new row may take; an id is never given twice.
    pub fn next_id(&self) -> i64 {
        self.next_id
    }

    /// A row by id.
    pub fn get(&self, id: i64) -> Option<Row<'_>> {
        self.rows.get(&id).map(|cells| Row { table: self, id, cells })
    }

    /// All rows by ascending id.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = Row<'_>> {
        self.rows.iter().map(|(id, cells)| Row { table: self, id: *id, cells })
    }

    /// The first row whose column has this value, such as the item of an item code.
    pub fn find(&self, column: &str, value: impl Into<Cell>) -> Option<Row<'_>> {
        let filter = Filter::eq(self.column(column)?, value);
        let mut rows = self.select(&filter);
        rows.next()
    }

    /// The rows that fulfil a filter, by ascending id; through an index where one serves.
    pub fn select<'t: 'f, 'f>(&'t self, filter: &'f Filter) -> Box<dyn Iterator<Item = Row<'t>> + 'f> {
        if let Some(ids) = self.candidates(filter) {
            let rows = ids.into_owned().into_iter().filter_map(|id| self.get(id));
            return Box::new(rows.filter(|row| filter.holds(row)));
        }
        let (low, high) = self.key_bounds(filter);
        if !ascending(low, high) {
            return Box::new(std::iter::empty());
        }
        let rows = self.rows.range((low, high)).map(|(id, cells)| Row { table: self, id: *id, cells });
        Box::new(rows.filter(|row| filter.holds(row)))
    }

    /// The number of rows that fulfil a filter.
    pub fn count(&self, filter: &Filter) -> usize {
        match filter {
            Filter::All => self.len(),
            filter => self.select(filter).count(),
        }
    }

    /// One page of the rows that fulfil a filter, in the order asked for, ties by ascending id.
    pub fn page(&self, filter: &Filter, sorts: &[Sort], offset: usize, limit: Option<usize>) -> Vec<Row<'_>> {
        let limit = limit.unwrap_or(usize::MAX);
        let by_key = match sorts {
            [] => true,
            [first, ..] => self.key == Some(first.column) && !first.descending,
        };
        if by_key {
            return self.select(filter).skip(offset).take(limit).collect();
        }
        let mut rows: Vec<_> = self.select(filter).collect();
        let end = offset.saturating_add(limit);
        if offset >= rows.len() || limit == 0 {
            return Vec::new();
        }
        if end < rows.len() {
            rows.select_nth_unstable_by(end - 1, |a, b| Sort::compare(sorts, a, b));
            rows.truncate(end);
        }
        if offset > 0 {
            rows.select_nth_unstable_by(offset, |a, b| Sort::compare(sorts, a, b));
            rows.drain(..offset);
        }
        rows.sort_unstable_by(|a, b| Sort::compare(sorts, a, b));
        rows
    }

    /// Stores a new row under `id`; columns that are not named are null.
    ///
    /// # Errors
    /// If a field is unknown or the id is taken.
    pub fn insert<'v>(&mut self, id: i64, values: impl IntoIterator<Item = (&'v str, Cell)>) -> Result<(), StoreError> {
        if self.rows.contains_key(&id) {
            return Err(StoreError::DuplicateId { table: self.name, id });
        }
        let mut cells = vec![Cell::Null; self.columns.len()];
        for (field, value) in values {
            let column = self.known(field)?;
            cells[column] = self.words[column].share(value);
        }
        if let Some(key) = self.key {
            cells[key] = Cell::Int(id);
        }
        for (column, index) in &mut self.indexes {
            add(index, &cells[*column], id);
        }
        self.rows.insert(id, Cells::new(cells));
        self.next_id = self.next_id.max(id + 1);
        Ok(())
    }

    /// Stores a new row under the next free id, which it returns.
    ///
    /// # Errors
    /// If a field is unknown.
    pub fn push<'v>(&mut self, values: impl IntoIterator<Item = (&'v str, Cell)>) -> Result<i64, StoreError> {
        let id = self.next_id;
        self.insert(id, values)?;
        Ok(id)
    }

    /// Changes the named columns of a row; false when there is no such row. Nothing changes on an error.
    ///
    /// # Errors
    /// If a field is unknown.
    pub fn update<'v>(
        &mut self,
        id: i64,
        values: impl IntoIterator<Item = (&'v str, Cell)>,
    ) -> Result<bool, StoreError> {
        let values =
            values.into_iter().map(|(field, value)| Ok((self.known(field)?, value))).collect::<Result<Vec<_>, _>>()?;
        let Some(row) = self.rows.get_mut(&id) else { return Ok(false) };
        let mut cells = row.unpack(self.columns.len());
        for (column, value) in values {
            if self.key == Some(column) {
                continue;
            }
            let value = self.words[column].share(value);
            if let Some((_, index)) = self.indexes.iter_mut().find(|(indexed, _)| *indexed == column) {
                remove(index, &cells[column], id);
                add(index, &value, id);
            }
            cells[column] = value;
        }
        *row = Cells::new(cells);
        Ok(true)
    }

    /// Removes a row; false when there is no such row.
    pub fn delete(&mut self, id: i64) -> bool {
        let Some(cells) = self.rows.remove(&id) else { return false };
        for (column, index) in &mut self.indexes {
            remove(index, cells.at(*column), id);
        }
        true
    }

    fn known(&self, field: &str) -> Result<usize, StoreError> {
        self.column(field).ok_or_else(|| StoreError::UnknownField { table: self.name, field: field.to_owned() })
    }

    fn index(&self, column: usize) -> Option<&BTreeMap<Cell, Vec<i64>>> {
        self.indexes.iter().find(|(indexed, _)| *indexed == column).map(|(_, index)| index)
    }

    /// The ids among which all matching rows are, ascending, where that is quicker than a scan.
    fn candidates(&self, filter: &Filter) -> Option<Cow<'_, [i64]>> {
        match filter {
            Filter::Compare(column, Op::Eq, value) if self.key == Some(*column) => {
                Some(Cow::Owned(value.as_int().into_iter().collect()))
            }
            Filter::In(column, values) if self.key == Some(*column) => {
                Some(Cow::Owned(sorted(values.iter().filter_map(Cell::as_int).collect())))
            }
            Filter::Compare(column, Op::Eq, value) => {
                Some(Cow::Borrowed(self.index(*column)?.get(value).map_or(&[], Vec::as_slice)))
            }
            Filter::In(column, values) => {
                let index = self.index(*column)?;
                Some(union(values.iter().filter_map(|value| index.get(value))))
            }
            Filter::Compare(column, op, value) => {
                let index = self.index(*column)?;
                let range = match op {
                    Op::Lt => (Bound::Unbounded, Bound::Excluded(value)),
                    Op::Le => (Bound::Unbounded, Bound::Included(value)),
                    Op::Gt => (Bound::Excluded(value), Bound::Unbounded),
                    Op::Ge | Op::Eq => (Bound::Included(value), Bound::Unbounded),
                };
                // Beyond a quarter of the table, sorting the ids costs more than the scan that it saves.
                let mut budget = self.len() / 4;
                let mut lists = Vec::new();
                for ids in index.range::<Cell, _>(range).map(|(_, ids)| ids) {
                    budget = budget.checked_sub(ids.len())?;
                    lists.push(ids);
                }
                Some(union(lists.into_iter()))
            }
            Filter::And(filters) => {
                filters.iter().filter_map(|filter| self.candidates(filter)).min_by_key(|ids| ids.len())
            }
            Filter::Or(filters) => {
                let lists = filters.iter().map(|filter| self.candidates(filter)).collect::<Option<Vec<_>>>()?;
                Some(Cow::Owned(sorted(lists.iter().flat_map(|ids| ids.iter().copied()).collect())))
            }
            Filter::All | Filter::Not(_) | Filter::Null(_) | Filter::Text { .. } | Filter::Test(_) => None,
        }
    }

    /// The range of ids outside which no row matches, so that a keyset page starts where the last one ended.
    fn key_bounds(&self, filter: &Filter) -> (Bound<i64>, Bound<i64>) {
        match filter {
            Filter::Compare(column, op, Cell::Int(id)) if self.key == Some(*column) => match op {
                Op::Eq => (Bound::Included(*id), Bound::Included(*id)),
                Op::Lt => (Bound::Unbounded, Bound::Excluded(*id)),
                Op::Le => (Bound::Unbounded, Bound::Included(*id)),
                Op::Gt => (Bound::Excluded(*id), Bound::Unbounded),
                Op::Ge => (Bound::Included(*id), Bound::Unbounded),
            },
            Filter::And(filters) => {
                filters.iter().map(|filter| self.key_bounds(filter)).fold((Bound::Unbounded, Bound::Unbounded), narrow)
            }
            _ => (Bound::Unbounded, Bound::Unbounded),
        }
    }
}

/// A row under a read guard.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    id: i64,
    cells: &'a Cells,
}

impl<'a> Row<'a> {
    /// The id of the row.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// The value of a column by name; `None` when the table has no such column.
    pub fn get(&self, column: &str) -> Option<&'a Cell> {
        self.table.column(column).map(|column| self.cells.at(column))
    }

    /// The value of a column by position, which must come from this row's table.
    pub fn at(&self, column: usize) -> &'a Cell {
        self.cells.at(column)
    }

    /// Every column with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &'a Cell)> + use<'a> {
        let cells = self.cells;
        self.table.columns.iter().enumerate().map(move |(at, name)| (*name, cells.at(at)))
    }
}

/// The value of a column that the front's own table has.
///
/// # Panics
/// If there is no such column; use [`Row::get`] for names that a client sends.
impl Index<&str> for Row<'_> {
    type Output = Cell;

    fn index(&self, column: &str) -> &Cell {
        self.get(column).unwrap_or_else(|| panic!("table {} has no field {column}", self.table.name))
    }
}

impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.table.columns.len()))?;
        for (name, cell) in self.iter() {
            map.serialize_entry(name, cell)?;
        }
        map.end()
    }
}

/// The different texts of a column, as long as they are few: states, currencies and codes are then stored once.
#[derive(Clone, Debug)]
struct Words(Option<BTreeSet<Text>>);

impl Default for Words {
    fn default() -> Self {
        Self(Some(BTreeSet::new()))
    }
}

impl Words {
    fn share(&mut self, cell: Cell) -> Cell {
        let (Cell::Text(text), Some(words)) = (&cell, &mut self.0) else { return cell };
        if let Some(known) = words.get(text) {
            return Cell::Text(known.clone());
        }
        if words.len() == WORDS_PER_COLUMN {
            self.0 = None;
        } else {
            words.insert(text.clone());
        }
        cell
    }
}

fn add(index: &mut BTreeMap<Cell, Vec<i64>>, value: &Cell, id: i64) {
    let ids = index.entry(value.clone()).or_default();
    match ids.last() {
        Some(last) if *last > id => {
            if let Err(at) = ids.binary_search(&id) {
                ids.insert(at, id);
            }
        }
        _ => ids.push(id),
    }
}

fn remove(index: &mut BTreeMap<Cell, Vec<i64>>, value: &Cell, id: i64) {
    let Some(ids) = index.get_mut(value) else { return };
    if let Ok(at) = ids.binary_search(&id) {
        ids.remove(at);
    }
    if ids.is_empty() {
        index.remove(value);
    }
}

fn union<'a>(mut lists: impl Iterator<Item = &'a Vec<i64>>) -> Cow<'a, [i64]> {
    let Some(first) = lists.next() else { return Cow::Borrowed(&[]) };
    let Some(second) = lists.next() else { return Cow::Borrowed(first) };
    let mut ids = [first.as_slice(), second].concat();
    ids.extend(lists.flatten());
    Cow::Owned(sorted(ids))
}

fn sorted(mut ids: Vec<i64>) -> Vec<i64> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn narrow(a: (Bound<i64>, Bound<i64>), b: (Bound<i64>, Bound<i64>)) -> (Bound<i64>, Bound<i64>) {
    let lowest = |bound: Bound<i64>| match bound {
        Bound::Included(id) => id,
        Bound::Excluded(id) => id.saturating_add(1),
        Bound::Unbounded => i64::MIN,
    };
    let highest = |bound: Bound<i64>| match bound {
        Bound::Included(id) => id,
        Bound::Excluded(id) => id.saturating_sub(1),
        Bound::Unbounded => i64::MAX,
    };
    (Bound::Included(lowest(a.0).max(lowest(b.0))), Bound::Included(highest(a.1).min(highest(b.1))))
}

/// Whether a range may be asked for: `BTreeMap::range` panics on one that ends before it starts.
fn ascending(low: Bound<i64>, high: Bound<i64>) -> bool {
    match (low, high) {
        (Bound::Included(low), Bound::Included(high)) => low.cmp(&high) != Ordering::Greater,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Schema::new("account.move", &["id", "partner_id", "amount", "state"])
            .key("id")
            .index("partner_id")
            .index("amount")
            .build();
        for id in 1..=1000 {
            let state = if id % 2 == 0 { "posted" } else { "draft" };
            let partner = if id % 100 == 0 { Cell::Null } else { Cell::Int(id % 7) };
            table
                .insert(id, [("partner_id", partner), ("amount", Cell::Int(id % 50)), ("state", state.into())])
                .unwrap();
        }
        table
    }

    fn ids<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<i64> {
        rows.map(|row| row.id()).collect()
    }

    #[test]
    fn an_index_gives_the_rows_of_a_scan() {
        let table = table();
        let filters = [
            Filter::eq(1, 3_i64),
            Filter::one_of(1, [5_i64, 3, 3, 99]),
            Filter::Compare(2, Op::Ge, Cell::Int(45)),
            Filter::Compare(2, Op::Gt, Cell::Int(10)),
            Filter::And(vec![Filter::eq(1, 3_i64), Filter::eq(3, "posted")]),
            Filter::Or(vec![Filter::eq(1, 3_i64), Filter::eq(0, 8_i64)]),
            Filter::Or(vec![Filter::eq(1, 3_i64), Filter::eq(3, "posted")]),
            Filter::And(vec![Filter::Compare(0, Op::Gt, Cell::Int(990)), Filter::Not(Box::new(Filter::eq(1, 3_i64)))]),
            Filter::And(vec![Filter::Compare(0, Op::Gt, Cell::Int(990)), Filter::Compare(0, Op::Lt, Cell::Int(9))]),
            Filter::Null(1),
        ];
        for filter in &filters {
            let scanned = ids(table.rows().filter(|row| filter.holds(row)));
            assert_eq!(ids(table.select(filter)), scanned, "{filter:?}");
        }
    }

    #[test]
    fn updates_and_deletes_keep_the_indexes() {
        let mut table = table();
        assert_eq!(table.update(10, [("partner_id", Cell::Int(77))]), Ok(true));
        assert_eq!(table.find("partner_id", 77_i64).map(|row| row.id()), Some(10));
        assert!(table.delete(10));
        assert!(table.find("partner_id", 77_i64).is_none());
        assert_eq!(table.push([("partner_id", Cell::Int(77))]), Ok(1001));
        assert_eq!(table.find("partner_id", 77_i64).map(|row| row["id"].clone()), Some(Cell::Int(1001)));
        assert!(matches!(table.update(1, [("nope", Cell::Null)]), Err(StoreError::UnknownField { .. })));
        assert!(matches!(table.insert(1, []), Err(StoreError::DuplicateId { .. })));
    }

    #[test]
    fn a_page_is_a_cut_of_the_sorted_rows() {
        let table = table();
        let sorts = [Sort::descending(2), Sort::ascending(1)];
        let all = ids(table.page(&Filter::All, &sorts, 0, None).into_iter());
        assert_eq!(all.len(), 1000);
        let page = ids(table.page(&Filter::All, &sorts, 95, Some(10)).into_iter());
        assert_eq!(page, all[95..105]);
        assert!(table.page(&Filter::All, &sorts, 1000, Some(10)).is_empty());
        let keyset = Filter::Compare(0, Op::Gt, Cell::Int(500));
        assert_eq!(ids(table.page(&keyset, &[], 0, Some(3)).into_iter()), [501, 502, 503]);
    }
}
