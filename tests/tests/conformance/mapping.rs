//! The adapters' mappings over samples from the vendors' documents: `tests/golden/<system>/SOURCES.md` names where each
//! comes from, and beside each sample of records stands a `.snap` with what the gateway makes of it.

use adapters::{
    adapter::Quarantined,
    mapping::{self, Env, Mapping, Plan, SetMapping},
    model::{EntityType, FieldDef, Kind, MoneyIn, Record, Value},
};
use chrono::DateTime;
use rust_decimal::Decimal;
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
    fs,
    sync::Arc,
};
use tests::snapshot;

/// A system's samples.
struct Samples {
    folder: &'static str,
    mapping: String,
    zone: chrono_tz::Tz,
    currency: &'static str,
    base_url: &'static str,
    /// Files with records: where in the file they are, and of which entity and source set.
    files: &'static [(&'static str, &'static [&'static str], EntityType, &'static str)],
}

fn odoo() -> Samples {
    use EntityType as E;
    Samples {
        folder: "odoo",
        mapping: include_str!("../../../adapters/src/odoo/mapping.toml").to_owned(),
        zone: chrono_tz::Europe::Berlin,
        currency: "USD",
        base_url: "https://odoo.example.com",
        files: &[
            ("partner_search_read_17", &["result"], E::Customer, "res.partner"),
            ("partner_search_read_19", &["result"], E::Customer, "res.partner"),
            ("product_search_read_17", &["result"], E::Product, "product.product"),
            ("product_search_read_19", &["result"], E::Product, "product.product"),
            ("move_search_read_17", &["result"], E::Invoice, "account.move"),
            ("move_search_read_19", &["result"], E::Invoice, "account.move"),
            ("sale_order_search_read_17", &["result"], E::SalesOrder, "sale.order"),
            ("sale_order_search_read_19", &["result"], E::SalesOrder, "sale.order"),
        ],
    }
}

fn sap_b1() -> Samples {
    use EntityType as E;
    // What the adapter fills in by its settings and the company's.
    let mapping = include_str!("../../../adapters/src/sap_b1/mapping.toml")
        .replace("\"{price list}\"", "1")
        .replace("\"{local currency}\"", "\"EUR\"");
    Samples {
        folder: "sap-b1",
        mapping,
        zone: chrono_tz::Europe::Berlin,
        currency: "EUR",
        base_url: "https://b1.example.com:50000",
        files: &[
            ("businesspartner_v1", &[], E::Customer, "BusinessPartners"),
            ("businesspartner_v2", &[], E::Customer, "BusinessPartners"),
            ("businesspartners_page_v2", &["value"], E::Customer, "BusinessPartners"),
            ("item_v1", &[], E::Product, "Items"),
            ("item_v2", &[], E::Product, "Items"),
            ("items_page_v2", &["value"], E::Product, "Items"),
            ("invoice_domestic_v1", &[], E::Invoice, "Invoices"),
            ("invoice_domestic_v2", &[], E::Invoice, "Invoices"),
            ("invoice_foreign_v1", &[], E::Invoice, "Invoices"),
            ("invoice_foreign_v2", &[], E::Invoice, "Invoices"),
            ("invoice_header_discount_freight_v2", &[], E::Invoice, "Invoices"),
            ("invoice_service_v2", &[], E::Invoice, "Invoices"),
            ("invoices_cancelled_pair_v2", &["value"], E::Invoice, "Invoices"),
            ("creditnote_v1", &[], E::Invoice, "CreditNotes"),
            ("creditnote_v2", &[], E::Invoice, "CreditNotes"),
            ("creditnote_foreign_v2", &[], E::Invoice, "CreditNotes"),
            ("order_domestic_v1", &[], E::SalesOrder, "Orders"),
            ("order_domestic_v2", &[], E::SalesOrder, "Orders"),
            ("order_foreign_v2", &[], E::SalesOrder, "Orders"),
            ("orders_closed_and_cancelled_v2", &["value"], E::SalesOrder, "Orders"),
            ("businesspartner_supplier_v2", &[], E::Vendor, "BusinessPartners"),
            ("purchaseinvoice_v1", &[], E::Bill, "PurchaseInvoices"),
            ("purchaseinvoice_v2", &[], E::Bill, "PurchaseInvoices"),
            ("purchaseinvoice_foreign_v2", &[], E::Bill, "PurchaseInvoices"),
            ("purchasecreditnote_v2", &[], E::Bill, "PurchaseCreditNotes"),
            ("purchaseorder_v2", &[], E::PurchaseOrder, "PurchaseOrders"),
            ("purchasedeliverynote_v1", &[], E::Receipt, "PurchaseDeliveryNotes"),
            ("purchasedeliverynote_v2", &[], E::Receipt, "PurchaseDeliveryNotes"),
            ("deliverynote_v2", &[], E::Shipment, "DeliveryNotes"),
            ("deliverynotes_cancelled_pair_v2", &["value"], E::Shipment, "DeliveryNotes"),
            ("incomingpayment_transfer_v1", &[], E::Payment, "IncomingPayments"),
            ("incomingpayment_transfer_v2", &[], E::Payment, "IncomingPayments"),
            ("incomingpayment_cash_check_v2", &[], E::Payment, "IncomingPayments"),
            ("incomingpayment_account_v2", &[], E::Payment, "IncomingPayments"),
            ("vendorpayment_foreign_v2", &[], E::Payment, "VendorPayments"),
            ("productionorder_v2", &[], E::WorkOrder, "ProductionOrders"),
            ("productionorders_v2", &["value"], E::WorkOrder, "ProductionOrders"),
            ("chartofaccounts_v2", &["value"], E::Account, "ChartOfAccounts"),
            ("journalentry_v1", &[], E::Transaction, "JournalEntries"),
            ("journalentry_v2", &[], E::Transaction, "JournalEntries"),
            ("vatgroups_v2", &["value"], E::TaxRate, "VatGroups"),
            ("salestaxcodes_v2", &["value"], E::TaxRate, "SalesTaxCodes"),
            ("users_v2", &["value"], E::ErpUser, "Users"),
        ],
    }
}

fn quickbooks() -> Samples {
    use EntityType as E;
    Samples {
        folder: "quickbooks",
        mapping: include_str!("../../../adapters/src/quickbooks/mapping.toml").to_owned(),
        zone: chrono_tz::America::Los_Angeles,
        currency: "USD",
        base_url: "https://app.qbo.intuit.com",
        files: &[
            ("customer", &["Customer"], E::Customer, "Customer"),
            ("customer_subcustomer_inactive", &["Customer"], E::Customer, "Customer"),
            ("query_response_customers", &["QueryResponse", "Customer"], E::Customer, "Customer"),
            ("item_inventory", &["Item"], E::Product, "Item"),
            ("item_service", &["Item"], E::Product, "Item"),
            ("query_response_items", &["QueryResponse", "Item"], E::Product, "Item"),
            ("invoice_all_lines", &["Invoice"], E::Invoice, "Invoice"),
            ("invoice_group_with_amount", &["Invoice"], E::Invoice, "Invoice"),
            ("invoice_multicurrency", &["Invoice"], E::Invoice, "Invoice"),
            ("invoice_tax_inclusive", &["Invoice"], E::Invoice, "Invoice"),
            ("invoice_void_response", &["Invoice"], E::Invoice, "Invoice"),
            ("invoice_voided", &["Invoice"], E::Invoice, "Invoice"),
            ("query_response_invoices", &["QueryResponse", "Invoice"], E::Invoice, "Invoice"),
            ("creditmemo", &["CreditMemo"], E::Invoice, "CreditMemo"),
            ("estimate_accepted", &["Estimate"], E::SalesOrder, "Estimate"),
            ("query_response_estimates", &["QueryResponse", "Estimate"], E::SalesOrder, "Estimate"),
            ("vendor", &["Vendor"], E::Vendor, "Vendor"),
            ("bill_paid", &["Bill"], E::Bill, "Bill"),
            ("bill_foreign_from_order", &["Bill"], E::Bill, "Bill"),
            ("vendorcredit", &["VendorCredit"], E::Bill, "VendorCredit"),
            ("payment_partly_applied", &["Payment"], E::Payment, "Payment"),
            ("payment_of_credit", &["Payment"], E::Payment, "Payment"),
            ("payment_voided", &["Payment"], E::Payment, "Payment"),
            ("query_response_billpayments", &["QueryResponse", "BillPayment"], E::Payment, "BillPayment"),
            ("salesreceipt", &["SalesReceipt"], E::Invoice, "SalesReceipt"),
            ("salesreceipt", &["SalesReceipt"], E::Payment, "SalesReceipt"),
            ("salesreceipt_voided", &["SalesReceipt"], E::Invoice, "SalesReceipt"),
            ("salesreceipt_voided", &["SalesReceipt"], E::Payment, "SalesReceipt"),
            ("refundreceipt", &["RefundReceipt"], E::Invoice, "RefundReceipt"),
            ("refundreceipt", &["RefundReceipt"], E::Payment, "RefundReceipt"),
            ("purchaseorder", &["PurchaseOrder"], E::PurchaseOrder, "PurchaseOrder"),
            ("query_response_accounts", &["QueryResponse", "Account"], E::Account, "Account"),
            ("query_response_companyinfo", &["QueryResponse", "CompanyInfo"], E::Company, "CompanyInfo"),
        ],
    }
}

type Object = HashMap<String, Box<RawValue>>;

fn object(text: &str) -> Object {
    serde_json::from_str(text).expect("an object")
}

impl Samples {
    fn read_file(&self, name: &str) -> String {
        fs::read_to_string(snapshot::path(&format!("golden/{}/{name}.json", self.folder))).expect("a sample")
    }

    /// The texts of the records of a file, untouched.
    fn records(&self, name: &str, path: &[&str]) -> Vec<String> {
        let mut text = self.read_file(name);
        for step in path {
            text = object(&text).remove(*step).unwrap_or_else(|| panic!("{name}: no {step}")).get().to_owned();
        }
        match text.trim_start().starts_with('[') {
            true => serde_json::from_str::<Vec<Box<RawValue>>>(&text)
                .expect("a list")
                .iter()
                .map(|raw| raw.get().to_owned())
                .collect(),
            false => vec![text],
        }
    }

    /// The mapping of one source set for the version that a sample comes from.
    fn set(&self, entity: EntityType, set: &str, sample: &Object, joined: Option<&Object>) -> Arc<SetMapping> {
        // Only Odoo's versions differ by their fields. Of a joined table its own sample tells.
        let by_version = self.folder == "odoo";
        let mapping = Mapping::parse(&self.mapping).expect("a good mapping").for_version(|_, options, field| {
            let fields = if options.contains_key("lookup") { joined } else { Some(sample) };
            !by_version || fields.is_some_and(|fields| fields.contains_key(field))
        });
        let has = |set: &SetMapping, key: &str| {
            set.options.get(key).and_then(toml::Value::as_str).map(|field| sample.contains_key(field))
        };
        let fits = |of: &&Arc<SetMapping>| {
            of.set.as_str() == set && has(of, "has") != Some(false) && has(of, "hasnt") != Some(true)
        };
        Arc::clone(mapping.sets(entity).iter().find(fits).unwrap_or_else(|| panic!("no set {set}")))
    }

    /// The lines of Odoo's documents are a table of their own.
    fn lines_of(&self, file: &str, id: &str) -> Vec<String> {
        let (lines, by) = match file {
            "move_search_read_17" => ("move_line_search_read_17", "move_id"),
            "move_search_read_19" => ("move_line_search_read_19", "move_id"),
            "sale_order_search_read_17" => ("sale_order_line_search_read_17", "order_id"),
            "sale_order_search_read_19" => ("sale_order_line_search_read_19", "order_id"),
            _ => return Vec::new(),
        };
        // As the adapter asks for them: sections, notes and the lines for tax and what is due are none.
        let belongs = |line: &String| {
            let line: serde_json::Value = serde_json::from_str(line).expect("a line");
            line[by][0].as_i64() == id.parse().ok()
                && (line["display_type"] == "product" || line["display_type"] == false)
        };
        self.records(lines, &["result"]).into_iter().filter(belongs).collect()
    }

    fn env(&self) -> Env {
        Env {
            erp: "erp".into(),
            read_at: DateTime::UNIX_EPOCH,
            base_currency: self.currency.parse().ok(),
            zone: self.zone,
            currencies: HashMap::new(),
            base_url: self.base_url.into(),
            tables: Arc::default(),
        }
    }

    /// Reads a record of a file, changed or not.
    fn read(&self, file: &str, entity: EntityType, set: &str, text: &str) -> Result<Record, Quarantined> {
        self.read_all(file, entity, set, text).remove(0)
    }

    /// Reads the records in a row of a file: where elements of a collection are records there may be several.
    fn read_all(&self, file: &str, entity: EntityType, set: &str, text: &str) -> Vec<Result<Record, Quarantined>> {
        let sample = object(text);
        let id = sample.get("id").map_or(String::new(), |id| id.get().to_owned());
        let lines = self.lines_of(file, &id);
        let line = lines.first().map(|line| object(line));
        let mapping = self.set(entity, set, &sample, line.as_ref());
        let plan = Plan::new(&mapping, entity.def().every_field());
        let raw: Vec<Box<RawValue>> =
            lines.into_iter().map(|line| RawValue::from_string(line).expect("JSON")).collect();
        let joins = plan.joins().map(|field| {
            let is_lines = entity.def().field(field).name == "lines";
            (field, if is_lines { raw.iter().map(|raw| &**raw).collect() } else { Vec::new() })
        });
        plan.read_all(text, &joins.collect::<Vec<_>>(), &self.env())
    }

    /// Compares all samples with their snapshots. A file that is read as several entities has one.
    fn check(&self) {
        let mut snapshots: BTreeMap<&str, String> = BTreeMap::new();
        for (file, path, entity, set) in self.files {
            let shown = snapshots.entry(file).or_default();
            for text in self.records(file, path) {
                for read in self.read_all(file, *entity, set, &text) {
                    match read {
                        Ok(record) => show(shown, &record),
                        Err(quarantined) => {
                            let _ = writeln!(shown, "quarantined {:?}: {}\n", quarantined.id, quarantined.reason);
                        }
                    }
                }
            }
        }
        let compared = snapshots
            .iter()
            .map(|(file, shown)| snapshot::compare(&format!("golden/{}/{file}.snap", self.folder), shown));
        let wrong: Vec<_> = compared.filter_map(Result::err).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// What was read is written back as it was.
    fn check_written(&self) {
        let mut written = 0;
        for (file, path, entity, set) in self.files {
            for text in self.records(file, path) {
                let Ok(record) = self.read(file, *entity, set, &text) else { continue };
                let mapping = self.set(*entity, set, &object(&text), None);
                for (id, field) in entity.def().all_fields().filter(|(_, field)| is_simple(field)) {
                    let value = record.get(id);
                    if value.is_null() || SHOWN_OTHERWISE.contains(&(self.folder, field.name)) {
                        continue;
                    }
                    // What follows from other fields has no place of its own.
                    let Ok(body) = mapping::body(&mapping, &[(id, value.clone())]) else { continue };
                    let body: serde_json::Value = serde_json::from_str(body.get()).expect("JSON");
                    let sample: serde_json::Value = serde_json::from_str(&text).expect("JSON");
                    assert!(is_part(&body, &sample), "{file} {}: {body} is not what was read", field.name);
                    written += 1;
                }
            }
        }
        assert!(written > 20, "{written} values");
    }
}

/// What cannot be written as it is read: the name of another record, which has to be written by its id, days that are
/// moments there, a number that the unified schema shows as text.
const SHOWN_OTHERWISE: &[(&str, &str)] = &[
    ("odoo", "category"),
    ("odoo", "unitOfMeasure"),
    ("odoo", "orderDate"),
    ("odoo", "deliveryDate"),
    ("sap-b1", "number"),
    ("sap-b1", "version"),
    ("sap-b1", "reference"),
    ("sap-b1", "priority"),
];

fn is_simple(field: &FieldDef) -> bool {
    matches!(
        field.kind,
        Kind::Text
            | Kind::Date
            | Kind::Decimal
            | Kind::Money(MoneyIn::Document)
            | Kind::Ref(_)
            | Kind::Enum(_)
            | Kind::Bool
    )
}

/// Whether everything in a body is also in the sample, by its meaning.
fn is_part(body: &serde_json::Value, sample: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (body, sample) {
        (Json::Object(body), Json::Object(sample)) => {
            body.iter().all(|(key, value)| sample.get(key).is_some_and(|of| is_part(value, of)))
        }
        (Json::Number(a), Json::Number(b)) => {
            let decimal = |text: String| text.parse::<Decimal>().ok();
            decimal(a.to_string()) == decimal(b.to_string())
        }
        // Business One's second version writes a day as its first moment.
        (Json::String(a), Json::String(b)) => b == a || b.strip_suffix("T00:00:00Z") == Some(a),
        // Odoo shows a reference with its name.
        (id, Json::Array(pair)) => pair.first() == Some(id),
        (a, b) => a == b,
    }
}

/// A record, one field a line.
fn show(into: &mut String, record: &Record) {
    let _ = writeln!(into, "{} {} {}", record.def().name, record.key.set, record.key.id);
    for (id, field) in record.def().all_fields().filter(|(_, field)| field.name != "raw" && field.computed.is_none()) {
        show_value(into, 1, field, record.get(id));
    }
    into.push('\n');
}

fn show_value(into: &mut String, depth: usize, field: &FieldDef, value: &Value) {
    let indent = "  ".repeat(depth);
    let fields = match field.kind {
        Kind::Object(of) | Kind::List(of) => of.fields,
        _ => &[],
    };
    let _ = match value {
        Value::Object(parts) => {
            let _ = writeln!(into, "{indent}{}:", field.name);
            fields
                .iter()
                .zip(parts)
                .filter(|(_, part)| !part.is_null())
                .for_each(|(field, part)| show_value(into, depth + 1, field, part));
            return;
        }
        Value::List(elements) if !fields.is_empty() => {
            for element in elements {
                let one = FieldDef { kind: field.kind, ..*field };
                show_value(into, depth, &one, element);
            }
            if elements.is_empty() {
                let _ = writeln!(into, "{indent}{}: none", field.name);
            }
            return;
        }
        Value::List(elements) => {
            writeln!(into, "{indent}{}: {}", field.name, elements.iter().map(plain).collect::<Vec<_>>().join(", "))
        }
        value => writeln!(into, "{indent}{}: {}", field.name, plain(value)),
    };
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::Text(text) => format!("{text:?}"),
        Value::Int(number) => number.to_string(),
        Value::Bool(yes) => yes.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Date(day) => day.to_string(),
        Value::DateTime(at) => at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        Value::Currency(code) => code.to_string(),
        Value::Money(money) => format!("{} {}", money.amount, money.currency),
        Value::Enum(word) => (*word).to_owned(),
        Value::Ref(to) => format!("-> {} {}", to.set, to.id),
        Value::Json(json) => json.get().to_owned(),
        Value::Object(_) | Value::List(_) => format!("{value:?}"),
    }
}

#[test]
fn odoo_samples() {
    odoo().check();
}

#[test]
fn sap_b1_samples() {
    sap_b1().check();
}

#[test]
fn quickbooks_samples() {
    quickbooks().check();
}

#[test]
fn samples_name_their_sources() {
    for samples in [odoo(), sap_b1(), quickbooks()] {
        let sources =
            fs::read_to_string(snapshot::path(&format!("golden/{}/SOURCES.md", samples.folder))).expect("sources");
        for (file, ..) in samples.files {
            assert!(sources.contains(&format!("{file}.json")), "{}/{file}.json", samples.folder);
        }
    }
}

#[test]
fn what_was_read_is_written_back() {
    for samples in [odoo(), sap_b1(), quickbooks()] {
        samples.check_written();
    }
}

/// One record for each system, with a piece of its text that is changed, and the unified field it is in.
struct Change {
    samples: Samples,
    file: usize,
    old: &'static str,
    field: &'static str,
}

impl Change {
    fn read(&self, new: &str) -> Result<Record, Quarantined> {
        let (file, path, entity, set) = self.samples.files[self.file];
        let text = self.samples.records(file, path).remove(0);
        assert_eq!(text.matches(self.old).count(), 1, "{file}: {}", self.old);
        self.samples.read(file, entity, set, &text.replace(self.old, new))
    }
}

#[test]
fn an_unknown_word_maps_to_unknown() {
    for (samples, file, old, new) in [
        (odoo(), "move_search_read_17", "\"state\": \"posted\"", "\"state\": \"hibernating\""),
        (
            sap_b1(),
            "order_domestic_v2",
            "\"DocumentStatus\": \"bost_Open\"",
            "\"DocumentStatus\": \"bost_Hibernating\"",
        ),
        (quickbooks(), "estimate_accepted", "\"TxnStatus\": \"Accepted\"", "\"TxnStatus\": \"Hibernating\""),
    ] {
        let file = samples.files.iter().position(|(name, ..)| *name == file).expect("a sample");
        let record = Change { samples, file, old, field: "status" }.read(new).expect("a record all the same");
        assert_eq!(*record.named("status"), Value::Enum("UNKNOWN"));
        let source = record.named("statusSource").as_text().expect("the ERP's own word").to_lowercase();
        assert!(source.contains("hibernating"), "{source}");
    }
}

fn totals() -> [Change; 3] {
    let change = |samples: Samples, file: &str, old, field| {
        let file = samples.files.iter().position(|(name, ..)| *name == file).expect("a sample");
        Change { samples, file, old, field }
    };
    [
        change(odoo(), "move_search_read_17", "\"amount_total\": 309.92", "total"),
        change(sap_b1(), "invoice_domestic_v1", "\"DocTotal\": 249.8", "total"),
        change(quickbooks(), "invoice_multicurrency", TOTAL_OF_MULTICURRENCY, "total"),
    ]
}
const TOTAL_OF_MULTICURRENCY: &str = "\"TotalAmt\": 1000.0";

#[test]
fn a_broken_value_quarantines_its_record() {
    for change in totals() {
        let name = change.old.split(':').next().expect("a name").to_owned();
        for broken in ["\"a lot\"", "{\"value\": 1}", "1.2.3e9", "true"] {
            if serde_json::from_str::<serde_json::Value>(broken).is_err() {
                continue;
            }
            let quarantined = change.read(&format!("{name}: {broken}")).expect_err("quarantined");
            assert!(quarantined.id.is_some(), "{quarantined:?}");
            let shown = broken.trim_matches('"');
            // The first field that needs it; that may be the status.
            let named = quarantined
                .reason
                .split(':')
                .next()
                .is_some_and(|name| EntityType::Invoice.def().id_of(name).is_some());
            assert!(named && quarantined.reason.contains(shown), "{quarantined:?}");
        }
    }
}

#[test]
fn numbers_keep_every_digit() {
    for change in totals() {
        let name = change.old.split(':').next().expect("a name").to_owned();
        for (written, expected) in [
            ("\"309.92\"", "309.92"),
            ("12345678901234567.89", "12345678901234567.89"),
            ("\"12345678901234567.89\"", "12345678901234567.89"),
            ("0.1", "0.10"),
            ("309.90", "309.90"),
            ("1e3", "1000.00"),
            ("309.9200000000000159", "309.92"),
        ] {
            let record = change.read(&format!("{name}: {written}")).unwrap_or_else(|q| panic!("{written}: {q:?}"));
            let total = record.named(change.field).as_decimal().expect("a number");
            assert_eq!(total.to_string(), expected, "{written}");
        }
    }
}
