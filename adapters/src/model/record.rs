//! A unified record: its identity and the values that were read.

use super::{EntityDef, EntityType, FieldId, FieldSet, Value};
use chrono::{DateTime, NaiveDate, Utc};
use std::{fmt, sync::Arc};

macro_rules! name {
    ($(#[$doc:meta])* $t:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $t(pub Arc<str>);
        impl $t {
            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $t {
            fn from(name: &str) -> Self {
                Self(name.into())
            }
        }
        impl fmt::Debug for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl fmt::Display for $t {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
name! {
    /// The id of an ERP inside this gateway: lower-case letters, digits and hyphens.
    ErpId
}
name! {
    /// The system's own set that an entity comes from: `account.move`, `CreditNotes`.
    SourceSet
}

/// Which record of which ERP: invoice 12 and credit note 12 of one ERP differ by their source set.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RecordKey {
    /// The unified record type.
    pub entity: EntityType,
    /// The ERP.
    pub erp: ErpId,
    /// The system's own set.
    pub set: SourceSet,
    /// The ERP's own id.
    pub id: Box<str>,
}

/// A unified record with those of its values that were asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Which record it is.
    pub key: RecordKey,
    /// When the ERP gave it.
    pub read_at: DateTime<Utc>,
    held: FieldSet,
    values: Box<[Value]>,
}

impl Record {
    /// A record that holds these fields, with one value for each in the order of the set.
    ///
    /// # Panics
    /// When the number of values differs from the number of fields.
    pub fn new(key: RecordKey, read_at: DateTime<Utc>, held: FieldSet, values: Vec<Value>) -> Self {
        assert_eq!(held.len(), values.len(), "one value for each field");
        Self { key, read_at, held, values: values.into() }
    }

    /// The definition of its entity.
    pub fn def(&self) -> &'static EntityDef {
        self.key.entity.def()
    }

    /// The fields that were read, whether they have a value or not.
    pub fn held(&self) -> FieldSet {
        self.held
    }

    /// The value of a stored field; null when it was not read.
    pub fn get(&self, field: FieldId) -> &Value {
        if self.held.contains(field) { &self.values[self.held.rank(field)] } else { &Value::Null }
    }

    /// The value of a stored field by its name.
    pub fn named(&self, name: &str) -> &Value {
        self.def().id_of(name).map_or(&Value::Null, |id| self.get(id))
    }

    /// The value of a field as a reader sees it on a day: computed fields are computed.
    pub fn read(&self, field: FieldId, today: NaiveDate) -> std::borrow::Cow<'_, Value> {
        match self.def().field(field).computed {
            Some(computed) => std::borrow::Cow::Owned((computed.value)(self, today)),
            None => std::borrow::Cow::Borrowed(self.get(field)),
        }
    }

    /// About how many bytes it takes in memory.
    pub fn size(&self) -> usize {
        size_of::<Self>()
            + self.key.id.len()
            + self.values.iter().map(|v| size_of::<Value>() + v.heap_size()).sum::<usize>()
    }
}
