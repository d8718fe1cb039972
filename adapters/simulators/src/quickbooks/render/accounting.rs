//! Accounts, journal entries and adjustments of the stock.

use super::{Renderer, cents, currency, day, money, text};
use crate::{
    quickbooks::{
        tables::{PLACE, POSTING, moves},
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
        let lines = self.postings(row).enumerate().map(|(at, posting)| self.journal_line(row, at, &posting).into());
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

    fn journal_line(&self, entry: &Row<'_>, at: usize, posting: &Row<'_>) -> Object {
        let amount = cents(&posting["Amount"]);
        let name = posting["Name"].as_int().map(|name| {
            let kind = if name < 0 { "Vendor" } else { "Customer" };
            Object::default().with("Type", kind).maybe("EntityRef", self.named(kind, &Cell::Int(name.abs())))
        });
        let detail = Object::default()
            .with("PostingType", if amount < 0 { "Credit" } else { "Debit" })
            .maybe("AccountRef", self.named("Account", &posting["AccountRef"]))
            .maybe("Entity", name)
            .maybe("ClassRef", self.named("Class", &posting["ClassRef"]))
            .maybe("DepartmentRef", self.named("Department", &posting["DepartmentRef"]));
        Object::default()
            .with("Id", at.to_string())
            .maybe("Description", text(entry, "PrivateNote"))
            .with("Amount", Node::Money(amount.abs()))
            .with("DetailType", "JournalEntryLineDetail")
            .with("JournalEntryLineDetail", detail)
    }

    /// The postings of a transaction that says where they are.
    fn postings(&self, row: &Row<'_>) -> impl Iterator<Item = Row<'_>> {
        let [first, count] = PLACE.map(|column| row[column].as_int().unwrap_or_default());
        (first..first + count).filter_map(|id| self.tables[POSTING].get(id))
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
