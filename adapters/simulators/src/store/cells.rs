//! The cells of a row. Most columns of most rows have no value: those take one bit.

use super::Cell;

/// So many columns a table may have.
pub(super) const MOST: usize = 256;
const WORD: usize = u64::BITS as usize;

static NULL: Cell = Cell::Null;

/// The cells of a row, by column.
#[derive(Debug, Default)]
pub(super) struct Cells {
    present: [u64; MOST / WORD],
    values: Box<[Cell]>,
}

impl Cells {
    /// One cell for each column.
    pub(super) fn new(cells: Vec<Cell>) -> Self {
        let mut present = [0; MOST / WORD];
        for (column, _) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_null()) {
            present[column / WORD] |= 1 << (column % WORD);
        }
        let values: Vec<Cell> = cells.into_iter().filter(|cell| !cell.is_null()).collect();
        Self { present, values: values.into_boxed_slice() }
    }

    /// The cell of a column.
    pub(super) fn at(&self, column: usize) -> &Cell {
        let (word, bit) = (column / WORD, 1 << (column % WORD));
        if self.present[word] & bit == 0 {
            return &NULL;
        }
        let before: u32 = self.present[..word].iter().map(|word| word.count_ones()).sum();
        &self.values[(before + (self.present[word] & (bit - 1)).count_ones()) as usize]
    }

    /// The cells of the first so many columns.
    pub(super) fn unpack(&self, columns: usize) -> Vec<Cell> {
        (0..columns).map(|column| self.at(column).clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_comes_out() {
        for step in [1, 2, 3, 70, 300] {
            let cells: Vec<Cell> =
                (0..MOST).map(|n| if n % step == 0 { Cell::Int(n as i64) } else { Cell::Null }).collect();
            let packed = Cells::new(cells.clone());
            assert_eq!(packed.unpack(MOST), cells);
            assert_eq!(packed.values.len(), MOST.div_ceil(step));
        }
    }
}
