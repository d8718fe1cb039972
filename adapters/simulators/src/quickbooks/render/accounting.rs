//! Accounts, journal entries and adjustments of the stock.

use super::{Renderer, currency, day, money, text};
use crate::{
    quickbooks::{
        tables::{LEDGER, Posting, moves, postings},
        wire::{Node, Object},
    },
    store::{Cell, Row},
};

impl Renderer<'_> {
    pub(super) fn account(&self, row: &Row<'_>) -> Object {
        Object::default()
            .maybe("Name", text(row, "Name"))
            .with("SubAccount", row["SubAccount"].as_bool().unwrap_or_default())
            .maybe("ParentRef", self.named("Account", &row["ParentRef"]))
            .maybe("FullyQualifiedName", text(row, "FullyQualifiedName"))
            .with("Active", row["Active"].as_bool().unwrap_or_default())
            .maybe("Classification", text(row, "Classification"))
            .maybe("AccountType", text(row, "AccountType"))
            .maybe("AccountSubType", text(row, "AccountSubType"))
            .maybe("AcctNum", text(row, "AcctNum"))
            .maybe("CurrentBalance", money(&row["CurrentBalance"]))
            .maybe("CurrentBalanceWithSubAccounts", money(&row["CurrentBalanceWithSubAccounts"]))
            .with("CurrencyRef", currency(row))
            .extend(self.entity(row))
    }

    /// The total "will always be set to zero" (Intuit's page of JournalEntry).
    pub(super) fn journal_entry(&self, row: &Row<'_>) -> Object {
        let home = self.company.currency.code();
        let posted = self.tables[LEDGER].get(row.id());
        let lines = posted.iter().flat_map(|posted| postings(&posted["Lines"]));
        let lines = lines.enumerate().map(|(at, posting)| self.journal_line(row, at, &posting).into());
        Object::default()
            .with("Adjustment", false)
            .with("TotalAmt", Node::Money(0))
            .extend(self.entity(row))
            .maybe("DocNumber", text(row, "DocNumber"))
            .maybe("TxnDate", day(row, "TxnDate"))
            .with("CurrencyRef", Object::default().with("value", home).with("name", super::currency_name(home)))
            .maybe("PrivateNote", text(row, "PrivateNote"))
            .with("Line", lines.collect::<Vec<_>>())
            .with("TxnTaxDetail", Object::default())
    }

    fn journal_line(&self, entry: &Row<'_>, at: usize, posting: &Posting) -> Object {
        let some = |id: i64| Cell::from((id != 0).then_some(id));
        let name = (posting.name != 0).then(|| {
            let kind = if posting.name < 0 { "Vendor" } else { "Customer" };
            Object::default().with("Type", kind).maybe("EntityRef", self.named(kind, &Cell::Int(posting.name.abs())))
        });
        let detail = Object::default()
            .with("PostingType", if posting.amount < 0 { "Credit" } else { "Debit" })
            .maybe("AccountRef", self.named("Account", &Cell::Int(posting.account)))
            .maybe("Entity", name)
            .maybe("ClassRef", self.named("Class", &some(posting.class)))
            .maybe("DepartmentRef", self.named("Department", &some(posting.department)));
        Object::default()
            .with("Id", at.to_string())
            .maybe("Description", text(entry, "PrivateNote"))
            .with("Amount", Node::Money(posting.amount.abs()))
            .with("DetailType", "JournalEntryLineDetail")
            .with("JournalEntryLineDetail", detail)
    }

    pub(super) fn inventory_adjustment(&self, row: &Row<'_>) -> Object {
        let lines = moves(&row["Lines"]).enumerate().map(|(at, (item, moved))| {
            let detail =
                Object::default().maybe("ItemRef", self.named("Item", &Cell::Int(item))).with("QtyDiff", moved);
            Object::default()
                .with("Id", (at + 1).to_string())
                .with("DetailType", "ItemAdjustmentLineDetail")
                .with("ItemAdjustmentLineDetail", detail)
        });
        Object::default()
            .maybe("AdjustAccountRef", self.named("Account", &row["AdjustAccountRef"]))
            .extend(self.entity(row))
            .maybe("DocNumber", text(row, "DocNumber"))
            .maybe("TxnDate", day(row, "TxnDate"))
            .with("Line", lines.map(Node::from).collect::<Vec<_>>())
    }
}
