//! The input types of lists, derived from the catalogue: `where` with its comparators, and `orderBy`.

use crate::{
    object::{CATALOGUE, enum_type, input, inputs_by_name, name_of, register},
    scalars,
};
use adapters::{
    filter::Op,
    model::{EntityDef, EntityType, EnumDef, FieldDef, FieldId, Kind},
};
use async_graphql::{
    Enum, ID,
    registry::{EnumBuilder, InputObjectBuilder, MetaEnumValue, Registry},
};
use std::borrow::Cow;

/// A direction of sorting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "Direction")]
enum DirectionWord {
    /// Smallest, oldest or first in the alphabet first; records without a value last.
    Asc,
    /// Largest, newest or last in the alphabet first; records without a value last.
    Desc,
}

/// How values of a kind are compared.
#[derive(Clone, Copy)]
pub(crate) enum Comparator {
    Id(EntityType),
    Text,
    Date,
    DateTime,
    Decimal,
    Int,
    Bool,
    Enum(&'static EnumDef),
}

impl Comparator {
    /// The comparator of a field; none for kinds that `where` cannot compare.
    pub(crate) fn of(field: &FieldDef) -> Option<Self> {
        Some(match field.kind {
            _ if !field.filter => return None,
            Kind::Text | Kind::Currency | Kind::Url => Self::Text,
            Kind::Int => Self::Int,
            Kind::Bool => Self::Bool,
            Kind::Decimal | Kind::Money(_) => Self::Decimal,
            Kind::Date => Self::Date,
            Kind::DateTime => Self::DateTime,
            Kind::Enum(def) => Self::Enum(def),
            Kind::Ref(to) => Self::Id(to),
            Kind::Json | Kind::MoneyList | Kind::Refs(_) | Kind::Object(_) | Kind::List(_) => return None,
        })
    }

    fn name(self) -> Cow<'static, str> {
        match self {
            Self::Id(_) => "IDFilter".into(),
            Self::Text => "StringFilter".into(),
            Self::Date => "DateFilter".into(),
            Self::DateTime => "DateTimeFilter".into(),
            Self::Decimal => "DecimalFilter".into(),
            Self::Int => "IntFilter".into(),
            Self::Bool => "BooleanFilter".into(),
            Self::Enum(def) => format!("{}Filter", def.name).into(),
        }
    }

    pub(crate) fn operators(self) -> &'static [Operator] {
        match self {
            Self::Id(_) => &[EQ, IN],
            Self::Text => &[EQ, NEQ, IN, CONTAINS, STARTS_WITH, IS_NULL],
            Self::Date | Self::DateTime => &[EQ, GT, GTE, LT, LTE, IS_NULL],
            Self::Decimal | Self::Int => &[EQ, GT, GTE, LT, LTE],
            Self::Bool => &[EQ],
            Self::Enum(_) => &[EQ, NEQ, IN],
        }
    }

    /// The type of the values, for a person and by its GraphQL name.
    fn scalar(self, registry: &mut Registry) -> (Cow<'static, str>, String) {
        match self {
            Self::Id(_) => ("an id".into(), name_of::<ID>(registry)),
            Self::Text => ("a text".into(), name_of::<String>(registry)),
            Self::Date => ("a date".into(), name_of::<scalars::Date>(registry)),
            Self::DateTime => ("a moment".into(), name_of::<scalars::DateTime>(registry)),
            Self::Decimal => ("a number or an amount".into(), name_of::<scalars::Decimal>(registry)),
            Self::Int => ("a whole number".into(), name_of::<i32>(registry)),
            Self::Bool => ("a yes or no".into(), name_of::<bool>(registry)),
            Self::Enum(def) => (format!("the enum `{}`", def.name).into(), enum_type(def, registry)),
        }
    }

    fn register(self, registry: &mut Registry) -> String {
        register(registry, &self.name(), |registry| {
            let (what, scalar) = self.scalar(registry);
            let fields = self.operators().iter().map(|operator| {
                let ty = match operator.op {
                    Op::In => format!("[{scalar}!]"),
                    Op::IsNull => "Boolean".to_owned(),
                    _ => scalar.clone(),
                };
                input(operator.name, ty, operator.doc)
            });
            InputObjectBuilder::new(self.name(), inputs_by_name(fields))
                .description(Some(format!("Conditions on {what}. All that are given must hold.")))
                .rust_typename(CATALOGUE)
                .build()
        })
    }
}

/// A comparison of a comparator.
pub(crate) struct Operator {
    pub(crate) name: &'static str,
    pub(crate) op: Op,
    doc: &'static str,
}

const fn operator(name: &'static str, op: Op, doc: &'static str) -> Operator {
    Operator { name, op, doc }
}
const EQ: Operator = operator("eq", Op::Eq, "Equals this value exactly.");
const NEQ: Operator = operator("neq", Op::Neq, "Differs from this value; a record without a value differs.");
const IN: Operator =
    operator("in", Op::In, "Equals one of these values exactly; at most 1000. An empty list matches nothing.");
const GT: Operator = operator("gt", Op::Gt, "Is greater or later.");
const GTE: Operator = operator("gte", Op::Gte, "Is greater, later or equal.");
const LT: Operator = operator("lt", Op::Lt, "Is less or earlier.");
const LTE: Operator = operator("lte", Op::Lte, "Is less, earlier or equal.");
const CONTAINS: Operator = operator("contains", Op::Contains, "Contains this text; upper and lower case are alike.");
const STARTS_WITH: Operator =
    operator("startsWith", Op::StartsWith, "Starts with this text; upper and lower case are alike.");
const IS_NULL: Operator = operator("isNull", Op::IsNull, "Whether there is no value: true finds records without one.");

/// The words of a name in camel case: `salesOrders` is "sales orders".
pub(crate) fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    for (at, letter) in name.char_indices() {
        if letter.is_uppercase() && at > 0 {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

/// The word of the order enum for a field: `issueDate` is `ISSUE_DATE`.
pub(crate) fn order_word(field: &str) -> String {
    words(field).replace(' ', "_").to_uppercase()
}

/// The input object `XWhere` of an entity.
pub(crate) fn where_type(def: &'static EntityDef, registry: &mut Registry) -> String {
    let name = format!("{}Where", def.name);
    register(registry, &name.clone(), |registry| {
        let id = Comparator::Id(def.entity).register(registry);
        let mut fields = vec![
            input("and", format!("[{name}!]"), "All of these hold."),
            input("or", format!("[{name}!]"), "At least one of these holds. An empty list matches nothing."),
            input("not", name.as_str(), "This does not hold."),
            input("id", id, "By its id."),
        ];
        for (_, field) in def.all_fields() {
            if let Some(comparator) = Comparator::of(field) {
                let ty = comparator.register(registry);
                fields.push(input(field.name, ty, format!("By `{}`. {}", field.name, field.doc)));
            }
        }
        InputObjectBuilder::new(name, inputs_by_name(fields))
            .description(Some(format!("Which {}: all conditions that are given must hold.", words(def.plural))))
            .rust_typename(CATALOGUE)
            .build()
    })
}

/// The input object `XOrder` of an entity.
pub(crate) fn order_type(def: &'static EntityDef, registry: &mut Registry) -> String {
    let name = format!("{}Order", def.name);
    register(registry, &name.clone(), |registry| {
        let many = words(def.plural);
        let values = sortable(def).map(|(_, field)| {
            let word = order_word(field.name);
            let doc = format!("By `{}`. {}", field.name, field.doc);
            (word.clone(), MetaEnumValue { description: Some(doc), ..MetaEnumValue::new(word) })
        });
        let field_type = register(registry, &format!("{name}Field"), |_| {
            EnumBuilder::new(format!("{name}Field"), values.collect())
                .description(Some(format!("What {many} can be sorted by.")))
                .rust_typename(CATALOGUE)
                .build()
        });
        let direction = <DirectionWord as async_graphql::InputType>::create_type_info(registry);
        let mut direction = input("direction", direction, "Which way.");
        direction.default_value = Some("ASC".into());
        let fields = [input("field", format!("{field_type}!"), "By what."), direction];
        InputObjectBuilder::new(name, inputs_by_name(fields))
            .description(Some(format!("One key of an order of {many}.")))
            .rust_typename(CATALOGUE)
            .build()
    })
}

/// The fields of the order enum.
pub(crate) fn sortable(def: &'static EntityDef) -> impl Iterator<Item = (FieldId, &'static FieldDef)> {
    def.all_fields().filter(|(_, field)| field.sort)
}
