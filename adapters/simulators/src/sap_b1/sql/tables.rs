//! The tables of the database that queries may read, with the columns that are filled here: names as in SAP's
//! "SAP Business One SDK Help", the tables as in the list that the guide gives of `b1s_sqltable.conf`.

use crate::{
    decimal::Dec,
    sap_b1::{
        books::RATES,
        catalogue,
        edm::{Kind, Property, Source},
    },
    store::{Cell, Row},
};

/// Where a column finds its value.
#[derive(Clone, Copy, Debug)]
pub(super) enum From {
    /// In a property of the entity.
    Property(&'static Property),
    /// In a column that no property shows.
    Stored(&'static str, Kind),
    /// `CANCELED`, which the entity shows by two properties.
    Cancelled,
}

impl From {
    /// The value in a row, as the database has it: an enumeration by its code, a time by its digits.
    pub(super) fn cell(self, row: &Row<'_>) -> Cell {
        let (kind, cell) = match self {
            Self::Stored(column, kind) => (kind, row.get(column).cloned().unwrap_or_default()),
            Self::Property(property) => {
                let cell = match property.source {
                    Source::Column(column) => row.get(column).cloned().unwrap_or_default(),
                    Source::Fixed(literal) => literal.into(),
                };
                (property.kind, cell)
            }
            Self::Cancelled => {
                let says = |column: &str, value: &str| row.get(column).and_then(Cell::as_str) == Some(value);
                let code = match () {
                    () if says("CancelStatus", "csCancellation") => "C",
                    () if says("Cancelled", "tYES") => "Y",
                    () => "N",
                };
                return code.into();
            }
        };
        match (kind, cell) {
            (Kind::Enum(enumeration), Cell::Text(name)) => {
                let member = enumeration.members.iter().find(|(member, _)| *member == &*name);
                member.map(|(_, code)| *code).into()
            }
            (Kind::Time, Cell::Int(time)) => Cell::Int(time / 3600 * 10_000 + time / 60 % 60 * 100 + time % 60),
            (Kind::Double, Cell::Int(number)) => Dec::new(number, 0).into(),
            (_, cell) => cell,
        }
    }

    /// Whether it holds days, to which texts are compared as such.
    pub(super) fn is_date(self) -> bool {
        matches!(self, Self::Property(Property { kind: Kind::Date, .. }) | Self::Stored(_, Kind::Date))
    }
}

/// A table that may be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    /// Where it is kept here.
    pub(super) stored: &'static str,
    columns: &'static [(&'static str, &'static str)],
    /// Columns that no property shows.
    hidden: &'static [(&'static str, &'static str, Kind)],
}

impl Table {
    /// The table of a name, in whatever case.
    pub(super) fn of(name: &str) -> Option<Self> {
        TABLES.iter().find(|table| table.name.eq_ignore_ascii_case(name)).copied()
    }

    /// A column by its name, in whatever case: as the database writes it, and where it is found.
    pub(super) fn column(&self, name: &str) -> Option<(&'static str, From)> {
        if let Some((column, stored, kind)) = self.hidden.iter().find(|(column, ..)| column.eq_ignore_ascii_case(name))
        {
            return Some((column, From::Stored(stored, *kind)));
        }
        let (column, property) = self.columns.iter().find(|(column, _)| column.eq_ignore_ascii_case(name))?;
        if *column == "CANCELED" || *column == "Canceled" {
            return Some((column, From::Cancelled));
        }
        let kind = match catalogue::set(self.stored) {
            Some(set) => set.kind,
            None => catalogue::collection(self.stored)?.0,
        };
        Some((column, From::Property(kind.property(property, &[])?)))
    }
}

const HEADER: &[(&str, &str)] = &[
    ("DocEntry", "DocEntry"),
    ("DocNum", "DocNum"),
    ("DocType", "DocType"),
    ("CANCELED", "Cancelled"),
    ("DocStatus", "DocumentStatus"),
    ("ObjType", "DocObjectCode"),
    ("DocDate", "DocDate"),
    ("DocDueDate", "DocDueDate"),
    ("TaxDate", "TaxDate"),
    ("CardCode", "CardCode"),
    ("CardName", "CardName"),
    ("NumAtCard", "NumAtCard"),
    ("VatSum", "VatSum"),
    ("VatSumFC", "VatSumFc"),
    ("DiscSum", "TotalDiscount"),
    ("DocCur", "DocCurrency"),
    ("DocRate", "DocRate"),
    ("DocTotal", "DocTotal"),
    ("DocTotalFC", "DocTotalFc"),
    ("DocTotalSy", "DocTotalSys"),
    ("PaidToDate", "PaidToDate"),
    ("PaidFC", "PaidToDateFC"),
    ("Comments", "Comments"),
    ("JrnlMemo", "JournalMemo"),
    ("TransId", "TransNum"),
    ("GroupNum", "PaymentGroupCode"),
    ("CtlAccount", "ControlAccount"),
    ("OwnerCode", "DocumentsOwner"),
    ("TrackNo", "TrackingNumber"),
    ("ReqDate", "RequriedDate"),
    ("LicTradNum", "FederalTaxID"),
    ("CreateDate", "CreationDate"),
    ("UpdateDate", "UpdateDate"),
    ("UpdateTS", "UpdateTime"),
    ("U_ExtKey", "U_ExtKey"),
];

const LINES: &[(&str, &str)] = &[
    ("DocEntry", "DocEntry"),
    ("LineNum", "LineNum"),
    ("BaseType", "BaseType"),
    ("BaseEntry", "BaseEntry"),
    ("BaseLine", "BaseLine"),
    ("LineStatus", "LineStatus"),
    ("ItemCode", "ItemCode"),
    ("Dscription", "ItemDescription"),
    ("Quantity", "Quantity"),
    ("OpenQty", "RemainingOpenQuantity"),
    ("Price", "Price"),
    ("PriceBefDi", "UnitPrice"),
    ("Currency", "Currency"),
    ("Rate", "Rate"),
    ("DiscPrcnt", "DiscountPercent"),
    ("LineTotal", "LineTotal"),
    ("TotalFrgn", "RowTotalFC"),
    ("OpenSum", "OpenAmount"),
    ("WhsCode", "WarehouseCode"),
    ("AcctCode", "AccountCode"),
    ("OcrCode", "CostingCode"),
    ("Project", "ProjectCode"),
    ("VatGroup", "VatGroup"),
    ("VatPrcnt", "TaxPercentagePerRow"),
    ("VatSum", "NetTaxAmount"),
    ("VatSumFrgn", "NetTaxAmountFC"),
    ("ShipDate", "ShipDate"),
    ("unitMsr", "MeasureUnit"),
];

const PAYMENT: &[(&str, &str)] = &[
    ("DocEntry", "DocEntry"),
    ("DocNum", "DocNum"),
    ("DocType", "DocType"),
    ("Canceled", "Cancelled"),
    ("DocDate", "DocDate"),
    ("TaxDate", "TaxDate"),
    ("CardCode", "CardCode"),
    ("CardName", "CardName"),
    ("CashAcct", "CashAccount"),
    ("CashSum", "CashSum"),
    ("CashSumFC", "CashSumFC"),
    ("TrsfrAcct", "TransferAccount"),
    ("TrsfrSum", "TransferSum"),
    ("TrsfrDate", "TransferDate"),
    ("TrsfrRef", "TransferReference"),
    ("DocCurr", "DocCurrency"),
    ("DocRate", "DocRate"),
    ("CounterRef", "CounterReference"),
    ("JrnlMemo", "JournalRemarks"),
];

/// What the entity of a payment does not show.
const PAYMENT_HIDDEN: &[(&str, &str, Kind)] = &[
    ("DocTotal", "DocTotal", Kind::Double),
    ("DocTotalFC", "DocTotalFC", Kind::Double),
    ("TransId", "TransId", Kind::Int),
    ("CreateDate", "CreateDate", Kind::Date),
    ("UpdateDate", "UpdateDate", Kind::Date),
];

const PAID: &[(&str, &str)] = &[
    ("DocNum", "DocNum"),
    ("InvoiceId", "LineNum"),
    ("DocEntry", "DocEntry"),
    ("SumApplied", "SumApplied"),
    ("AppliedFC", "AppliedFC"),
    ("InvType", "InvoiceType"),
    ("DocRate", "DocRate"),
];

const PARTNERS: &[(&str, &str)] = &[
    ("CardCode", "CardCode"),
    ("CardName", "CardName"),
    ("CardType", "CardType"),
    ("GroupCode", "GroupCode"),
    ("Currency", "Currency"),
    ("Balance", "CurrentAccountBalance"),
    ("DNotesBal", "OpenDeliveryNotesBalance"),
    ("OrdersBal", "OpenOrdersBalance"),
    ("E_Mail", "EmailAddress"),
    ("Phone1", "Phone1"),
    ("City", "City"),
    ("Country", "Country"),
    ("LicTradNum", "FederalTaxID"),
    ("validFor", "Valid"),
    ("frozenFor", "Frozen"),
    ("CreateDate", "CreateDate"),
    ("UpdateDate", "UpdateDate"),
];

const ITEMS: &[(&str, &str)] = &[
    ("ItemCode", "ItemCode"),
    ("ItemName", "ItemName"),
    ("ItmsGrpCod", "ItemsGroupCode"),
    ("OnHand", "QuantityOnStock"),
    ("IsCommited", "QuantityOrderedByCustomers"),
    ("OnOrder", "QuantityOrderedFromVendors"),
    ("AvgPrice", "MovingAveragePrice"),
    ("InvntItem", "InventoryItem"),
    ("SellItem", "SalesItem"),
    ("PrchseItem", "PurchaseItem"),
    ("InvntryUom", "InventoryUOM"),
    ("CodeBars", "BarCode"),
    ("validFor", "Valid"),
    ("frozenFor", "Frozen"),
    ("CreateDate", "CreateDate"),
    ("UpdateDate", "UpdateDate"),
];

const STOCK: &[(&str, &str)] = &[
    ("ItemCode", "ItemCode"),
    ("WhsCode", "WarehouseCode"),
    ("OnHand", "InStock"),
    ("IsCommited", "Committed"),
    ("OnOrder", "Ordered"),
    ("AvgPrice", "StandardAveragePrice"),
];

const JOURNAL: &[(&str, &str)] = &[
    ("TransId", "JdtNum"),
    ("TransType", "OriginalJournal"),
    ("BaseRef", "BaseReference"),
    ("CreatedBy", "Original"),
    ("RefDate", "ReferenceDate"),
    ("DueDate", "DueDate"),
    ("TaxDate", "TaxDate"),
    ("Memo", "Memo"),
    ("Ref1", "Reference"),
    ("Number", "Number"),
];

const JOURNAL_LINES: &[(&str, &str)] = &[
    ("Line_ID", "Line_ID"),
    ("Account", "AccountCode"),
    ("Debit", "Debit"),
    ("Credit", "Credit"),
    ("SYSDeb", "DebitSys"),
    ("SYSCred", "CreditSys"),
    ("FCDebit", "FCDebit"),
    ("FCCredit", "FCCredit"),
    ("FCCurrency", "FCCurrency"),
    ("DueDate", "DueDate"),
    ("ShortName", "ShortName"),
    ("ContraAct", "ContraAccount"),
    ("LineMemo", "LineMemo"),
    ("RefDate", "ReferenceDate1"),
    ("TaxDate", "TaxDate"),
    ("Ref1", "Reference1"),
    ("Project", "ProjectCode"),
    ("ProfitCode", "CostingCode"),
    ("VatGroup", "TaxGroup"),
    ("VatLine", "VatLine"),
];

const WORKS: &[(&str, &str)] = &[
    ("DocEntry", "AbsoluteEntry"),
    ("DocNum", "DocumentNumber"),
    ("ItemCode", "ItemNo"),
    ("Status", "ProductionOrderStatus"),
    ("Type", "ProductionOrderType"),
    ("PlannedQty", "PlannedQuantity"),
    ("CmpltQty", "CompletedQuantity"),
    ("RjctQty", "RejectedQuantity"),
    ("PostDate", "PostingDate"),
    ("DueDate", "DueDate"),
    ("StartDate", "StartDate"),
    ("RlsDate", "ReleaseDate"),
    ("CloseDate", "ClosingDate"),
    ("Warehouse", "Warehouse"),
    ("CreateDate", "CreationDate"),
];

const WORK_LINES: &[(&str, &str)] = &[
    ("DocEntry", "DocumentAbsoluteEntry"),
    ("LineNum", "LineNumber"),
    ("ItemCode", "ItemNo"),
    ("BaseQty", "BaseQuantity"),
    ("PlannedQty", "PlannedQuantity"),
    ("IssuedQty", "IssuedQuantity"),
    ("wareHouse", "Warehouse"),
];

const fn table(
    name: &'static str,
    stored: &'static str,
    columns: &'static [(&'static str, &'static str)],
    hidden: &'static [(&'static str, &'static str, Kind)],
) -> Table {
    Table { name, stored, columns, hidden }
}

const TABLES: &[Table] = &[
    table("OQUT", "Quotations", HEADER, &[]),
    table("QUT1", "Quotations/DocumentLines", LINES, &[]),
    table("ORDR", "Orders", HEADER, &[]),
    table("RDR1", "Orders/DocumentLines", LINES, &[]),
    table("ODLN", "DeliveryNotes", HEADER, &[]),
    table("DLN1", "DeliveryNotes/DocumentLines", LINES, &[]),
    table("OINV", "Invoices", HEADER, &[]),
    table("INV1", "Invoices/DocumentLines", LINES, &[]),
    table("ORIN", "CreditNotes", HEADER, &[]),
    table("RIN1", "CreditNotes/DocumentLines", LINES, &[]),
    table("OPQT", "PurchaseQuotations", HEADER, &[]),
    table("PQT1", "PurchaseQuotations/DocumentLines", LINES, &[]),
    table("OPOR", "PurchaseOrders", HEADER, &[]),
    table("POR1", "PurchaseOrders/DocumentLines", LINES, &[]),
    table("OPDN", "PurchaseDeliveryNotes", HEADER, &[]),
    table("PDN1", "PurchaseDeliveryNotes/DocumentLines", LINES, &[]),
    table("OPCH", "PurchaseInvoices", HEADER, &[]),
    table("PCH1", "PurchaseInvoices/DocumentLines", LINES, &[]),
    table("ORPC", "PurchaseCreditNotes", HEADER, &[]),
    table("RPC1", "PurchaseCreditNotes/DocumentLines", LINES, &[]),
    table("ODRF", "Drafts", HEADER, &[]),
    table("DRF1", "Drafts/DocumentLines", LINES, &[]),
    table("ORCT", "IncomingPayments", PAYMENT, PAYMENT_HIDDEN),
    table("RCT2", "IncomingPayments/PaymentInvoices", PAID, &[]),
    table("OVPM", "VendorPayments", PAYMENT, PAYMENT_HIDDEN),
    table("VPM2", "VendorPayments/PaymentInvoices", PAID, &[]),
    table("OCRD", "BusinessPartners", PARTNERS, &[]),
    table("OITM", "Items", ITEMS, &[]),
    table("OITW", "Items/ItemWarehouseInfoCollection", STOCK, &[]),
    table("OJDT", "JournalEntries", JOURNAL, &[("CreateDate", "CreateDate", Kind::Date)]),
    table("JDT1", "JournalEntries/JournalEntryLines", JOURNAL_LINES, &[("TransId", "JdtNum", Kind::Int)]),
    table("OWOR", "ProductionOrders", WORKS, &[("UpdateDate", "UpdateDate", Kind::Date)]),
    table("WOR1", "ProductionOrders/ProductionOrderLines", WORK_LINES, &[]),
    table("OCRN", "Currencies", &[("CurrCode", "Code"), ("CurrName", "Name")], &[]),
    table(
        "ORTT",
        RATES,
        &[],
        &[("RateDate", "RateDate", Kind::Date), ("Currency", "Currency", Kind::Text), ("Rate", "Rate", Kind::Double)],
    ),
];
