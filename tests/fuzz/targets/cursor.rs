//! Cursors: what was sealed opens again for its list alone, and nothing else opens.
#![no_main]

use adapters::{
    adapter::{Order, Position},
    filter::Filter,
    model::{Direction, EntityType, FieldDef, FieldSet, Kind, Value},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, NaiveDate};
use cursor::{At, Place, Seal, query_of};
use fuzz::{pick, text};
use libfuzzer_sys::{
    arbitrary::{Result, Unstructured},
    fuzz_target,
};
use rust_decimal::Decimal;
use schema::ports::{ListRequest, ReadOptions};

/// The gateway keeps it to itself; it needs nothing of the gateway.
#[path = "../../../gateway/src/federation/cursor.rs"]
mod cursor;

fuzz_target!(|data: &[u8]| {
    // Used-up bytes end an input.
    let _ = run(&mut Unstructured::new(data));
});

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let seal = Seal::new(u.arbitrary()?);
    let request = request(u)?;
    let places = places(u, &request)?;
    let cursor = seal.close(&query_of(&request), &places);
    assert_eq!(seal.close(&query_of(&request), &places), cursor, "equal places make equal cursors");
    assert!(cursor.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{cursor}");
    match seal.open(&query_of(&request), &request, &cursor) {
        Ok(opened) => assert_eq!(opened, places),
        // Longer than any that there are: texts this long are no sort values.
        Err(_) => assert!(cursor.len() > 64 * 1024, "our own cursor of {places:?} does not open"),
    }

    // For another list.
    let mut other = request.clone();
    match u.int_in_range(0..=3)? {
        0 => other.erps = Some(vec!["another".into()]),
        1 => other.filter = Filter::NONE,
        2 => other.order.reverse(),
        _ => other.order.iter_mut().for_each(|order| {
            order.direction = if order.direction == Direction::Asc { Direction::Desc } else { Direction::Asc };
        }),
    }
    if other.order != request.order || other.filter != request.filter || other.erps != request.erps {
        assert!(seal.open(&query_of(&other), &other, &cursor).is_err(), "a cursor of another list");
    }

    // Damaged: one bit of what it stands for.
    let mut sealed = URL_SAFE_NO_PAD.decode(&cursor).expect("base64");
    let at = u.choose_index(sealed.len())?;
    sealed[at] ^= 1 << u.int_in_range(0..=7)?;
    assert!(seal.open(&query_of(&request), &request, &URL_SAFE_NO_PAD.encode(&sealed)).is_err(), "byte {at}");
    sealed.truncate(at);
    assert!(seal.open(&query_of(&request), &request, &URL_SAFE_NO_PAD.encode(&sealed)).is_err(), "{at} bytes");

    // Whatever a client makes up.
    let rest = u.bytes(u.len())?;
    let made_up = [String::from_utf8_lossy(rest).into_owned(), URL_SAFE_NO_PAD.encode(rest)];
    for text in made_up.iter().filter(|text| **text != cursor) {
        assert!(seal.open(&query_of(&request), &request, text).is_err(), "{text}");
    }
    Ok(())
}

fn request(u: &mut Unstructured<'_>) -> Result<ListRequest> {
    let entity = *pick(u, EntityType::ALL)?;
    let sortable: Vec<_> = entity.def().all_fields().filter(|(_, def)| def.sort).map(|(field, _)| field).collect();
    let mut order = Vec::new();
    for _ in 0..u.int_in_range(1..=4)? {
        let direction = if u.arbitrary()? { Direction::Asc } else { Direction::Desc };
        order.push(Order { field: *pick(u, &sortable)?, direction });
    }
    Ok(ListRequest {
        entity,
        first: u.int_in_range(0..=200)?,
        after: None,
        filter: Filter::ALL,
        order,
        erps: None,
        fields: FieldSet::EMPTY,
        options: ReadOptions::default(),
        of: None,
    })
}

fn places(u: &mut Unstructured<'_>, request: &ListRequest) -> Result<Vec<Place>> {
    let mut places = Vec::new();
    for _ in 0..u.int_in_range(0..=6)? {
        let at = match u.int_in_range(0..=4)? {
            0 => At::Start,
            1 => At::End,
            2 => At::After(Position::Offset(u.arbitrary()?)),
            _ => {
                let mut values = Vec::new();
                for order in &request.order {
                    values.push(value(u, request.entity.def().field(order.field))?);
                }
                At::After(Position::After { values, id: text(u)?.into() })
            }
        };
        places.push(Place { erp: text(u)?.as_str().into(), set: text(u)?.as_str().into(), at });
    }
    Ok(places)
}

/// A value such as records have in a field.
fn value(u: &mut Unstructured<'_>, field: &FieldDef) -> Result<Value> {
    if u.ratio(1, 6)? {
        return Ok(Value::Null);
    }
    Ok(match field.kind {
        Kind::Int => Value::Int(u.arbitrary()?),
        Kind::Bool => Value::Bool(u.arbitrary()?),
        Kind::Date => Value::Date(
            NaiveDate::from_ymd_opt(u.int_in_range(0..=9999)?, u.int_in_range(1..=12)?, u.int_in_range(1..=28)?)
                .expect("a day"),
        ),
        Kind::DateTime => {
            let (seconds, nanos) =
                (u.int_in_range(-62_167_219_200..=253_402_300_799)?, u.int_in_range(0..=1_999_999_999)?);
            // A leap second is one at the end of a minute.
            let nanos = if seconds % 60 == 59 { nanos } else { nanos % 1_000_000_000 };
            Value::DateTime(DateTime::from_timestamp(seconds, nanos).expect("a moment"))
        }
        Kind::Decimal | Kind::Money(_) => {
            let (low, middle, high) = (u.arbitrary()?, u.arbitrary()?, u.arbitrary()?);
            Value::Decimal(Decimal::from_parts(low, middle, high, u.arbitrary()?, u.int_in_range(0..=28)?))
        }
        Kind::Currency => Value::Currency(pick(u, &["EUR", "USD", "XXX"])?.parse().expect("a code")),
        Kind::Enum(of) => Value::Enum(pick(u, of.values)?.0),
        _ => Value::Text(text(u)?.into()),
    })
}
