//! Payments of customers and to vendors.

use super::{Renderer, currency, day, money, number, text};
use crate::{
    quickbooks::{
        tables::{Linked, links},
        wire::{Node, Object},
    },
    store::Row,
};

impl Renderer<'_> {
    pub(super) fn payment(&self, row: &Row<'_>) -> Object {
        Object::default()
            .maybe("CustomerRef", self.named("Customer", &row["CustomerRef"]))
            .maybe("ARAccountRef", self.named("Account", &row["ARAccountRef"]))
            .maybe("DepositToAccountRef", self.named("Account", &row["DepositToAccountRef"]))
            .maybe("PaymentMethodRef", self.named("PaymentMethod", &row["PaymentMethodRef"]))
            .maybe("PaymentRefNum", text(row, "PaymentRefNum"))
            .maybe("TotalAmt", money(&row["TotalAmt"]))
            .maybe("UnappliedAmt", money(&row["UnappliedAmt"]))
            .with("ProcessPayment", false)
            .extend(self.entity(row))
            .maybe("TxnDate", day(row, "TxnDate"))
            .with("CurrencyRef", currency(row))
            .maybe("ExchangeRate", number(&row["ExchangeRate"]))
            .maybe("PrivateNote", text(row, "PrivateNote"))
            .with("Line", lines(row, "Invoice", "CreditMemo"))
    }

    pub(super) fn bill_payment(&self, row: &Row<'_>) -> Object {
        let account = self.named("Account", &row["BankAccountRef"]);
        let (name, how) = match row["PayType"].as_str() {
            Some("CreditCard") => ("CreditCardPayment", Object::default().maybe("CCAccountRef", account)),
            _ => (
                "CheckPayment",
                Object::default().maybe("BankAccountRef", account).maybe("PrintStatus", text(row, "PrintStatus")),
            ),
        };
        Object::default()
            .maybe("VendorRef", self.named("Vendor", &row["VendorRef"]))
            .maybe("PayType", text(row, "PayType"))
            .with(name, how)
            .maybe("APAccountRef", self.named("Account", &row["APAccountRef"]))
            .maybe("TotalAmt", money(&row["TotalAmt"]))
            .extend(self.entity(row))
            .maybe("DocNumber", text(row, "DocNumber"))
            .maybe("TxnDate", day(row, "TxnDate"))
            .with("CurrencyRef", currency(row))
            .maybe("ExchangeRate", number(&row["ExchangeRate"]))
            .maybe("PrivateNote", text(row, "PrivateNote"))
            .with("Line", lines(row, "Bill", "VendorCredit"))
    }
}

/// One line for each linked transaction; a line has no id.
fn lines(row: &Row<'_>, document: &str, credit: &str) -> Vec<Node> {
    links(&row["Lines"])
        .map(|(id, linked, amount)| {
            let kind = if linked == Linked::Document { document } else { credit };
            let link = Object::default().with("TxnId", id.to_string()).with("TxnType", kind);
            Object::default().with("Amount", Node::Money(amount)).with("LinkedTxn", vec![link.into()]).into()
        })
        .collect()
}
