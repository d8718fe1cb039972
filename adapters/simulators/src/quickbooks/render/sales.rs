//! Invoices, sales receipts, credit memos and estimates with their lines.

use chrono::SecondsFormat;

use super::{Renderer, cents, currency, day, mail, money, number, reference, text, time};
use crate::{
    dataset::AccountRole,
    decimal::Dec,
    quickbooks::{
        tables::{DISCOUNTS, FIRST_TAX_RATE, LINE, TERMS, account_id, detail},
        wire::{Node, Object},
    },
    store::{Cell, Filter, Row},
};

impl Renderer<'_> {
    pub(super) fn invoice(&self, row: &Row<'_>) -> Object {
        let payments = match &row["Payments"] {
            Cell::Ids(payments) => payments.as_slice(),
            _ => &[],
        };
        let link = |id: i64, kind: &str| Object::default().with("TxnId", id.to_string()).with("TxnType", kind);
        let estimate = row["Estimate"].as_int().map(|estimate| link(estimate, "Estimate"));
        let links = estimate.iter().cloned().chain(payments.iter().map(|payment| link(*payment, "Payment")));
        let on_lines = estimate.clone().filter(|_| row.id() % 2 == 0);
        let sent = self.is_sent(row);
        Object::default()
            .with("AllowIPNPayment", false)
            .with("AllowOnlinePayment", false)
            .with("AllowOnlineCreditCardPayment", false)
            .with("AllowOnlineACHPayment", false)
            .extend(self.head(row))
            .with("LinkedTxn", links.map(Node::from).collect::<Vec<_>>())
            .extend(self.body(row, on_lines))
            .maybe("SalesTermRef", row["SalesTermRef"].as_int().map(|id| reference(id, term(id))))
            .maybe("DueDate", day(row, "DueDate"))
            .extend(self.foot(row))
            .maybe("Balance", money(&row["Balance"]))
            .maybe("HomeBalance", money(&row["HomeBalance"]))
            .with("Deposit", Node::Money(0))
            .maybe(
                "DeliveryInfo",
                row["MetaData.CreateTime"].as_stamp().filter(|_| sent).map(|created| {
                    Object::default()
                        .with("DeliveryType", "Email")
                        .with("DeliveryTime", time(created, self.zone, SecondsFormat::Secs))
                }),
            )
    }

    /// In the order of the sample on Intuit's page of the entity.
    pub(super) fn sales_receipt(&self, row: &Row<'_>) -> Object {
        self.head(row)
            .extend(self.body(row, None))
            .extend(self.foot(row))
            .maybe("Balance", money(&row["Balance"]))
            .maybe("HomeBalance", money(&row["HomeBalance"]))
            .maybe("PaymentMethodRef", self.named("PaymentMethod", &row["PaymentMethodRef"]))
            .maybe("PaymentRefNum", text(row, "PaymentRefNum"))
            .maybe("DepositToAccountRef", self.named("Account", &row["DepositToAccountRef"]))
    }

    pub(super) fn memo(&self, row: &Row<'_>) -> Object {
        Object::default()
            .maybe("RemainingCredit", money(&row["Balance"]))
            .extend(self.head(row))
            .extend(self.body(row, None))
            .extend(self.foot(row))
            .maybe("Balance", money(&row["Balance"]))
            .maybe("HomeBalance", money(&row["HomeBalance"]))
    }

    pub(super) fn estimate(&self, row: &Row<'_>) -> Object {
        let link = |invoice: i64| {
            vec![Node::from(Object::default().with("TxnId", invoice.to_string()).with("TxnType", "Invoice"))]
        };
        self.head(row)
            .maybe("LinkedTxn", row["Invoice"].as_int().map(link))
            .maybe("TxnStatus", text(row, "TxnStatus"))
            .extend(self.body(row, None))
            .maybe("ShipDate", day(row, "ShipDate"))
            .extend(self.foot(row))
            .maybe("ExpirationDate", day(row, "ExpirationDate"))
            .maybe("AcceptedBy", text(row, "AcceptedBy"))
            .maybe("AcceptedDate", day(row, "AcceptedDate"))
    }

    fn head(&self, row: &Row<'_>) -> Object {
        let field = |id: &str, name: &str| {
            Object::default().with("DefinitionId", id).with("Name", name).with("Type", "StringType")
        };
        let fields =
            vec![field("1", "Crew #").into(), field("2", "PO").maybe("StringValue", text(row, "PONumber")).into()];
        self.entity(row)
            .with("CustomField", fields)
            .maybe("DocNumber", text(row, "DocNumber"))
            .maybe("TxnDate", day(row, "TxnDate"))
            .maybe("DepartmentRef", self.named("Department", &row["DepartmentRef"]))
            .with("CurrencyRef", currency(row))
            .maybe("ExchangeRate", number(&row["ExchangeRate"]))
            .maybe("PrivateNote", text(row, "PrivateNote"))
    }

    fn body(&self, row: &Row<'_>, link: Option<Object>) -> Object {
        let customer = row["CustomerRef"].as_int().unwrap_or_default();
        let customer_row = self.tables["Customer"].get(customer);
        // Half of the documents have the address as lines of text.
        let free = row.id() % 2 == 0;
        let id = 1_000_000 + row.id();
        let address = customer_row
            .as_ref()
            .and_then(|customer| if free { self.free_address(customer, id) } else { self.address(customer, id) });
        Object::default()
            .with("Line", self.lines(row, link))
            .with("TxnTaxDetail", self.tax(row))
            .with("CustomerRef", reference(customer, self.name("Customer", customer, "DisplayName")))
            .maybe("CustomerMemo", text(row, "CustomerMemo").map(|memo| Object::default().with("value", memo)))
            .maybe("FreeFormAddress", address.as_ref().map(|_| free))
            .maybe("BillAddr", address)
    }

    fn foot(&self, row: &Row<'_>) -> Object {
        let mail_address = self.mail_address(row);
        Object::default()
            .maybe("TotalAmt", money(&row["TotalAmt"]))
            .maybe("HomeTotalAmt", money(&row["HomeTotalAmt"]))
            .with("ApplyTaxAfterDiscount", !row["DiscountAmt"].is_null())
            .with("PrintStatus", if row.id() % 5 == 0 { "NeedToPrint" } else { "NotSet" })
            .with("EmailStatus", if self.is_sent(row) { "EmailSent" } else { "NotSet" })
            .maybe("BillEmail", mail_address.map(mail))
    }

    fn is_sent(&self, row: &Row<'_>) -> bool {
        row.id() % 3 == 0 && self.mail_address(row).is_some()
    }

    fn mail_address(&self, row: &Row<'_>) -> Option<String> {
        self.name("Customer", row["CustomerRef"].as_int()?, "PrimaryEmailAddr").map(str::to_owned)
    }

    fn lines(&self, row: &Row<'_>, link: Option<Object>) -> Vec<Node> {
        let table = &self.tables[LINE];
        let of_txn = table.column("Txn").map_or(Filter::Or(Vec::new()), |column| Filter::eq(column, row.id()));
        let rows: Vec<_> = table.select(&of_txn).collect();
        let mut subtotal = 0;
        let mut nodes = Vec::with_capacity(rows.len() + 2);
        for line in &rows {
            if line["Detail"].as_str() == Some(detail::ITEM) {
                subtotal += cents(&line["Amount"]);
            }
            if line["Group"].is_null() {
                let inside: Vec<_> = rows.iter().filter(|inside| inside["Group"] == line["LineNum"]).collect();
                nodes.push(self.line(line, &inside, link.as_ref()).into());
            }
        }
        let sum =
            |kind: &'static str, amount| Object::default().with("Amount", Node::Money(amount)).with("DetailType", kind);
        nodes.push(sum("SubTotalLineDetail", subtotal).with("SubTotalLineDetail", Object::default()).into());
        if !row["DiscountAmt"].is_null() {
            let percent = number(&row["DiscountPercent"]);
            let detail = Object::default()
                .with("PercentBased", percent.is_some())
                .maybe("DiscountPercent", percent)
                .maybe("DiscountAccountRef", self.named("Account", &Cell::Int(DISCOUNTS)));
            let discount = sum("DiscountLineDetail", cents(&row["DiscountAmt"]));
            nodes.push(discount.with("DiscountLineDetail", detail).into());
        }
        nodes
    }

    fn line(&self, line: &Row<'_>, inside: &[&Row<'_>], link: Option<&Object>) -> Object {
        let number_of = line["LineNum"].as_int().unwrap_or_default();
        let kind = line["Detail"].as_str().unwrap_or_default();
        let item = line["ItemRef"].as_int();
        let item_row = item.and_then(|item| self.tables["Item"].get(item));
        let item_text = |column: &str| item_row.as_ref().and_then(|item| text(item, column));
        let description = text(line, "Description").or_else(|| item_text("Description")).or_else(|| item_text("Name"));
        let item_ref = item.map(|item| reference(item, item_text("FullyQualifiedName").as_deref()));
        let object = Object::default()
            .with("Id", number_of.to_string())
            .with("LineNum", Dec::new(number_of, 0))
            .maybe("Description", description)
            .maybe("Amount", money(&line["Amount"]))
            .maybe("LinkedTxn", link.filter(|_| kind == detail::ITEM).map(|link| vec![Node::from(link.clone())]));
        match kind {
            detail::ITEM => {
                let service = item_text("Type").is_some_and(|kind| kind == "Service");
                let role = if service { AccountRole::SalesServices } else { AccountRole::SalesGoods };
                let detail = Object::default()
                    .maybe("ItemRef", item_ref)
                    .maybe("UnitPrice", number(&line["UnitPrice"]))
                    .maybe("Qty", number(&line["Qty"]))
                    .maybe("ClassRef", self.named("Class", &line["ClassRef"]))
                    .maybe("ItemAccountRef", self.named("Account", &Cell::Int(account_id(role))))
                    .maybe("TaxCodeRef", text(line, "TaxCodeRef").map(|code| Object::default().with("value", code)));
                object.with("DetailType", "SalesItemLineDetail").with("SalesItemLineDetail", detail)
            }
            detail::GROUP => {
                let nested: Vec<_> = inside.iter().map(|line| self.line(line, &[], None).into()).collect();
                let detail = Object::default()
                    .maybe("GroupItemRef", item_ref)
                    .maybe("Quantity", number(&line["Qty"]))
                    .with("Line", nested);
                object.with("DetailType", "GroupLineDetail").with("GroupLineDetail", detail)
            }
            _ => object.with("DetailType", "DescriptionOnly").with("DescriptionLineDetail", Object::default()),
        }
    }

    fn tax(&self, row: &Row<'_>) -> Object {
        let lines: Vec<_> = [("TaxLine.Net1", "TaxLine.Tax1"), ("TaxLine.Net2", "TaxLine.Tax2")]
            .iter()
            .zip(self.company.taxes)
            .zip(FIRST_TAX_RATE..)
            .filter(|(((net, _), _), _)| !row[net].is_null())
            .map(|(((net, amount), tax), rate)| {
                let detail = Object::default()
                    .with("TaxRateRef", Object::default().with("value", rate.to_string()))
                    .with("PercentBased", true)
                    .with("TaxPercent", tax.percent())
                    .maybe("NetAmountTaxable", money(&row[net]));
                Node::from(
                    Object::default()
                        .maybe("Amount", money(&row[amount]))
                        .with("DetailType", "TaxLineDetail")
                        .with("TaxLineDetail", detail),
                )
            })
            .collect();
        let taxed = !lines.is_empty();
        Object::default()
            .maybe("TxnTaxCodeRef", taxed.then(|| Object::default().with("value", "2")))
            .maybe("TotalTax", money(&row["TotalTax"]))
            .maybe("TaxLine", taxed.then_some(lines))
    }
}

fn term(id: i64) -> Option<&'static str> {
    TERMS.get(usize::try_from(id - 1).ok()?).map(|(_, name)| *name)
}
