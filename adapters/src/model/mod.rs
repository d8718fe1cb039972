//! The unified records and the catalogue of entities: the only place where a field of the unified schema is defined.
//!
//! The GraphQL objects, their `where` and `orderBy` inputs, the planner of filters, the mapping engine and the
//! replica's columns all read this catalogue. A new field is one line in its entity's file.

mod catalogue;
mod company;
mod document;
mod invoice;
mod ledger;
mod movement;
mod order;
mod party;
mod payment;
mod product;
mod record;
mod value;

pub use catalogue::{
    ChildrenDef, Computed, Direction, EntityDef, EnumDef, FieldDef, FieldId, FieldSet, Kind, MoneyIn, ObjectDef,
};
pub use record::{ErpId, Record, RecordKey, SourceSet};
pub use value::{CurrencyCode, Money, NotACurrency, RemoteRef, Value};

use catalogue::{datetime, json, list, text, url};

macro_rules! entities {
    ($($(#[doc = $doc:literal])* $variant:ident = $word:literal in $def:path;)*) => {
        /// A unified record type.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EntityType {
            $($(#[doc = $doc])* $variant,)*
        }
        impl EntityType {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// Its word in the GraphQL enum `EntityType`.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
            /// Its definition.
            pub fn def(self) -> &'static EntityDef {
                match self { $(Self::$variant => &$def,)* }
            }
        }
    };
}
entities! {
    /// Somebody who buys.
    Customer = "CUSTOMER" in party::CUSTOMER;
    /// Somebody who sells to the company.
    Vendor = "VENDOR" in party::VENDOR;
    /// Something that is bought or sold.
    Product = "PRODUCT" in product::PRODUCT;
    /// A document that asks a customer for money, or gives some back.
    Invoice = "INVOICE" in invoice::INVOICE;
    /// A vendor's invoice, or the vendor's credit.
    Bill = "BILL" in invoice::BILL;
    /// Money that came in or went out.
    Payment = "PAYMENT" in payment::PAYMENT;
    /// What a customer ordered.
    SalesOrder = "SALES_ORDER" in order::SALES_ORDER;
    /// What was ordered from a vendor.
    PurchaseOrder = "PURCHASE_ORDER" in order::PURCHASE_ORDER;
    /// Goods that arrived.
    Receipt = "RECEIPT" in movement::RECEIPT;
    /// Goods that left.
    Shipment = "SHIPMENT" in movement::SHIPMENT;
    /// How much of a product is where.
    StockLevel = "STOCK_LEVEL" in movement::STOCK_LEVEL;
    /// An order to the company's own production.
    WorkOrder = "WORK_ORDER" in order::WORK_ORDER;
    /// An account of the ledger.
    Account = "ACCOUNT" in ledger::ACCOUNT;
    /// A posted line of the ledger.
    Transaction = "TRANSACTION" in ledger::TRANSACTION;
    /// A rate of tax.
    TaxRate = "TAX_RATE" in ledger::TAX_RATE;
    /// The company whose books these are.
    Company = "COMPANY" in company::COMPANY;
    /// A user of the ERP.
    ErpUser = "ERP_USER" in company::ERP_USER;
    /// The price of a currency in another.
    ExchangeRate = "EXCHANGE_RATE" in ledger::EXCHANGE_RATE;
}

impl EntityType {
    /// The entity of a GraphQL type name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|e| e.def().name == name)
    }
}

/// A field that only this ERP has.
pub static CUSTOM_FIELD: ObjectDef = ObjectDef {
    name: "CustomField",
    doc: "A field that this ERP has beyond the unified ones, as its mapping names it.",
    fields: &[
        text("key", "The name of the field in the ERP.").required(),
        text("label", "What the ERP shows as the field's title."),
        json("value", "The value as the ERP holds it."),
    ],
};

/// What every record carries beyond its identity; these fields come first in every entity.
pub static COMMON: [FieldDef; 7] = [
    url("remoteUrl", "Where a person opens the record in the ERP, if the ERP has such a page."),
    text("externalReference", "The reference that a client gave when it wrote the record through this gateway.")
        .filter(),
    datetime("remoteCreatedAt", "When the record was created in the ERP."),
    datetime("remoteUpdatedAt", "When the record was last changed in the ERP.").filter().sort(),
    text(
        "version",
        "The ERP's token for optimistic concurrency: send it back with an update to be sure that nobody else changed the record meanwhile. Null where the ERP has none.",
    ),
    list("customFields", &CUSTOM_FIELD, "Fields of this ERP beyond the unified ones, by the ERP's mapping.").required(),
    json("raw", "The ERP's own record, as far as the gateway reads it. Needs the scope `records:raw`."),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn check(owner: &str, fields: &[FieldDef]) {
        for f in fields {
            assert!(f.doc.ends_with('.'), "{owner}.{} needs a description", f.name);
        }
    }

    #[test]
    fn catalogue_is_consistent() {
        for entity in EntityType::ALL {
            let def = entity.def();
            assert_eq!(def.entity, *entity);
            check(def.name, def.fields);
            assert!(def.all_fields().count() <= 128, "a FieldSet holds 128 fields");
            assert!(def.id_of(def.order.0).is_some_and(|id| def.field(id).sort), "{}: default order", def.name);
            for (id, field) in def.all_fields() {
                assert_eq!(def.id_of(field.name), Some(id), "{}.{} is defined twice", def.name, field.name);
                for need in field.computed.map_or(&[][..], |c| c.needs) {
                    assert!(def.id_of(need).is_some(), "{}.{} needs {need}", def.name, field.name);
                }
                if matches!(field.kind, Kind::Money(MoneyIn::Document)) {
                    assert!(
                        matches!(entity, EntityType::Payment) || def.id_of("currency").is_some(),
                        "{}.{}",
                        def.name,
                        field.name
                    );
                }
            }
            for child in def.children {
                let of = child.entity.def();
                let via = of
                    .id_of(child.via)
                    .unwrap_or_else(|| panic!("{}.{}: no field {}", def.name, child.name, child.via));
                assert!(matches!(of.field(via).kind, Kind::Ref(to) if to == *entity), "{}.{}", def.name, child.name);
                assert!(child.doc.ends_with('.'));
            }
            if let Some((field, _)) = &def.hidden_unless {
                assert!(def.id_of(field).is_some());
            }
        }
    }
}
