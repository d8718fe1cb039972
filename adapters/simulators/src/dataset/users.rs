//! The people who use the ERP.

use super::Company;

/// A user of the ERP.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct User {
    /// The name to sign in with; unique.
    pub login: &'static str,
    /// The full name.
    pub name: &'static str,
    /// The address.
    pub email: Option<String>,
    /// What they do.
    pub department: &'static str,
    /// False for somebody who has left.
    pub active: bool,
}

pub(super) const BUYERS: [usize; 2] = [1, 2];
pub(super) const FOREMEN: [usize; 2] = [3, 4];

pub(super) fn generate(company: &Company) -> Vec<User> {
    [
        ("accounting", "Ingrid Sørensen", "Administration", true),
        ("buyer", "Marek Dvořák", "Purchasing", true),
        ("purchasing", "Chloé O'Neill", "Purchasing", true),
        ("foreman", "Jürgen Weiß", "Production", true),
        ("workshop", "Ana Núñez", "Production", true),
        ("sales", "Tom \"T.J.\" Baker", "Sales", true),
        ("warehouse", "佐藤 健", "Warehouse", true),
        ("trainee", "Lea Müller", "Sales", false),
    ]
    .map(|(login, name, department, active)| User {
        login,
        name,
        // Nobody wrote down an address for the one who has left.
        email: active.then(|| format!("{login}@{}.example", company.key)),
        department,
        active,
    })
    .to_vec()
}
