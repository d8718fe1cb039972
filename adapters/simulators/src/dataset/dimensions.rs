//! Cost centres and projects, and which line of which document belongs to them.

use super::{AccountRole, Dataset, Line, ProductKind};

/// What a dimension is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DimensionKind {
    /// A part of the company that earns or spends.
    CostCentre,
    /// A piece of work with an end.
    Project,
}

/// A value by which lines are sorted beside their account.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Dimension {
    /// What it is about.
    pub kind: DimensionKind,
    /// A short code; unique.
    pub code: &'static str,
    /// The name; unique.
    pub name: &'static str,
    /// False for one that is only kept for its history.
    pub active: bool,
}

/// The cost centre and perhaps the project of a line: positions in [`Dataset::dimensions`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dimensions {
    /// The cost centre.
    pub cost_centre: Option<usize>,
    /// The project.
    pub project: Option<usize>,
}

impl Dimensions {
    /// No dimension at all.
    pub const NONE: Self = Self { cost_centre: None, project: None };

    /// The cost centre, then the project.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        self.cost_centre.into_iter().chain(self.project)
    }
}

pub(super) const SALES: usize = 0;
pub(super) const PRODUCTION: usize = 1;
pub(super) const SERVICE: usize = 2;
pub(super) const ADMINISTRATION: usize = 3;
const PROJECTS: usize = 4;
pub(super) const FAIR: usize = 5;

pub(super) fn generate() -> Vec<Dimension> {
    use DimensionKind::{CostCentre, Project};
    [
        (CostCentre, "100", "Sales", true),
        (CostCentre, "200", "Production", true),
        (CostCentre, "300", "Service", true),
        (CostCentre, "900", "Administration", true),
        (Project, "P-01", "Hall 3: new line", true),
        (Project, "P-02", "Trade fair", true),
        (CostCentre, "400", "Catalogue (closed)", false),
    ]
    .map(|(kind, code, name, active)| Dimension { kind, code, name, active })
    .to_vec()
}

impl Dataset {
    /// The dimensions of a line on a document of a customer: orders, invoices, credit notes.
    pub fn line_dimensions(&self, customer: usize, line: &Line) -> Dimensions {
        let cost_centre = match self.products[line.product].kind {
            // A tenth of the lines was written down without one.
            _ if (customer + line.product) % 10 == 9 => None,
            ProductKind::Service => Some(SERVICE),
            ProductKind::Goods if self.recipe(line.product).is_some() => Some(PRODUCTION),
            ProductKind::Goods => Some(SALES),
        };
        Dimensions { cost_centre, project: (customer % 12 < 2).then_some(PROJECTS + customer % 12) }
    }

    /// The account on which a line of a sales order, an invoice or a credit note is posted: a position in
    /// [`Dataset::accounts`].
    pub fn line_account(&self, line: &Line) -> usize {
        let exported = line.tax + 1 == self.company.taxes.len();
        let role = match self.products[line.product].kind {
            _ if exported => AccountRole::SalesExport,
            ProductKind::Goods => AccountRole::SalesGoods,
            ProductKind::Service => AccountRole::SalesServices,
        };
        role.position()
    }
}
