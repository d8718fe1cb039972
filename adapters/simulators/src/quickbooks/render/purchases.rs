//! Vendors, bills, vendor credits and purchase orders.

use super::{Renderer, currency, day, mail, money, number, text};
use crate::{
    decimal::Dec,
    quickbooks::{
        tables::{LINK_TYPES, PURCHASE_LINE},
        wire::{Node, Object},
    },
    store::{Cell, Filter, Row},
};

impl Renderer<'_> {
    pub(super) fn vendor(&self, row: &Row<'_>) -> Object {
        Object::default()
            .maybe("BillAddr", self.vendor_address(row))
            .maybe("TaxIdentifier", text(row, "TaxIdentifier"))
            .maybe("TermRef", self.named("Term", &row["TermRef"]))
            .maybe("Balance", money(&row["Balance"]))
            .maybe("AcctNum", text(row, "AcctNum"))
            .with("Vendor1099", false)
            .with("CurrencyRef", currency(row))
            .extend(self.entity(row))
            .maybe("GivenName", text(row, "GivenName"))
            .maybe("FamilyName", text(row, "FamilyName"))
            .maybe("CompanyName", text(row, "CompanyName"))
            .maybe("DisplayName", text(row, "DisplayName"))
            .maybe("PrintOnCheckName", text(row, "PrintOnCheckName"))
            .with("Active", row["Active"].as_bool().unwrap_or_default())
            .maybe(
                "PrimaryPhone",
                text(row, "PrimaryPhone").map(|phone| Object::default().with("FreeFormNumber", phone)),
            )
            .maybe("PrimaryEmailAddr", text(row, "PrimaryEmailAddr").map(mail))
    }

    fn vendor_address(&self, row: &Row<'_>) -> Option<Object> {
        let street = text(row, "BillAddr.Line1")?;
        Some(
            Object::default()
                .with("Id", row.id().to_string())
                .with("Line1", street)
                .maybe("City", text(row, "BillAddr.City"))
                .maybe("Country", text(row, "BillAddr.Country"))
                .maybe("PostalCode", text(row, "BillAddr.PostalCode")),
        )
    }

    pub(super) fn bill(&self, row: &Row<'_>) -> Object {
        Object::default()
            .maybe("SalesTermRef", self.named("Term", &row["SalesTermRef"]))
            .maybe("DueDate", day(row, "DueDate"))
            .maybe("Balance", money(&row["Balance"]))
            .maybe("HomeBalance", money(&row["HomeBalance"]))
            .extend(self.purchase_head(row))
            .with("LinkedTxn", self.purchase_links(row))
            .extend(self.purchase_body(row))
    }

    pub(super) fn vendor_credit(&self, row: &Row<'_>) -> Object {
        Object::default()
            .maybe("Balance", money(&row["Balance"]))
            .extend(self.purchase_head(row))
            .extend(self.purchase_body(row))
    }

    pub(super) fn purchase_order(&self, row: &Row<'_>) -> Object {
        let links = self.purchase_links(row);
        let address = self.tables["Vendor"].get(row["VendorRef"].as_int().unwrap_or_default());
        Object::default()
            .with("EmailStatus", "NotSet")
            .maybe("POStatus", text(row, "POStatus"))
            .maybe("Memo", text(row, "Memo"))
            .maybe("DueDate", day(row, "DueDate"))
            .extend(self.purchase_head(row))
            .maybe("LinkedTxn", (!links.is_empty()).then_some(links))
            .extend(self.purchase_body(row))
            .maybe("VendorAddr", address.and_then(|vendor| self.vendor_address(&vendor)))
    }

    fn purchase_head(&self, row: &Row<'_>) -> Object {
        self.entity(row)
            .maybe("DocNumber", text(row, "DocNumber"))
            .maybe("TxnDate", day(row, "TxnDate"))
            .maybe("DepartmentRef", self.named("Department", &row["DepartmentRef"]))
            .with("CurrencyRef", currency(row))
            .maybe("ExchangeRate", number(&row["ExchangeRate"]))
            .maybe("PrivateNote", text(row, "PrivateNote"))
    }

    fn purchase_body(&self, row: &Row<'_>) -> Object {
        Object::default()
            .with("Line", self.purchase_lines(row))
            .maybe("VendorRef", self.named("Vendor", &row["VendorRef"]))
            .maybe("APAccountRef", self.named("Account", &row["APAccountRef"]))
            .maybe("TotalAmt", money(&row["TotalAmt"]))
    }

    fn purchase_links(&self, row: &Row<'_>) -> Vec<Node> {
        let links = match &row["Links"] {
            Cell::Ids(links) => links.as_slice(),
            _ => &[],
        };
        let kind = |kind: i64| usize::try_from(kind).ok().and_then(|kind| LINK_TYPES.get(kind)).copied();
        links.chunks_exact(2).map(|link| linked(link[0], kind(link[1]).unwrap_or_default(), None).into()).collect()
    }

    fn purchase_lines(&self, row: &Row<'_>) -> Vec<Node> {
        let table = &self.tables[PURCHASE_LINE];
        let of_txn = table.column("Txn").map_or(Filter::Or(Vec::new()), |column| Filter::eq(column, row.id()));
        table.select(&of_txn).map(|line| self.purchase_line(&line).into()).collect()
    }

    fn purchase_line(&self, line: &Row<'_>) -> Object {
        let line_number = line["LineNum"].as_int().unwrap_or_default();
        let item = line["ItemRef"].as_int().and_then(|item| self.tables["Item"].get(item));
        let item_text = |column: &str| item.as_ref().and_then(|item| text(item, column));
        let order = line["Order"]
            .as_int()
            .map(|order| vec![Node::from(linked(order, LINK_TYPES[0], line["OrderLine"].as_int()))]);
        let object = Object::default()
            .with("Id", line_number.to_string())
            .with("LineNum", Dec::new(line_number, 0))
            .maybe("Description", text(line, "Description").or_else(|| item_text("Name")))
            .maybe("Amount", money(&line["Amount"]))
            .maybe("Received", number(&line["Received"]))
            .maybe("LinkedTxn", order);
        let class = self.named("Class", &line["ClassRef"]);
        let untaxed = Object::default().with("value", "NON");
        if item.is_none() {
            let detail = Object::default()
                .maybe("ClassRef", class)
                .maybe("AccountRef", self.named("Account", &line["AccountRef"]))
                .with("BillableStatus", "NotBillable")
                .with("TaxCodeRef", untaxed);
            return object
                .with("DetailType", "AccountBasedExpenseLineDetail")
                .with("AccountBasedExpenseLineDetail", detail);
        }
        let detail = Object::default()
            .with("BillableStatus", "NotBillable")
            .maybe("ItemRef", self.named("Item", &line["ItemRef"]))
            .maybe("ClassRef", class)
            .maybe("UnitPrice", number(&line["UnitPrice"]))
            .maybe("Qty", number(&line["Qty"]))
            .with("TaxCodeRef", untaxed);
        object.with("DetailType", "ItemBasedExpenseLineDetail").with("ItemBasedExpenseLineDetail", detail)
    }
}

/// A link to a transaction, or to a line of it.
fn linked(id: i64, kind: &str, line: Option<i64>) -> Object {
    Object::default()
        .with("TxnId", id.to_string())
        .with("TxnType", kind)
        .maybe("TxnLineId", line.map(|line| line.to_string()))
}
