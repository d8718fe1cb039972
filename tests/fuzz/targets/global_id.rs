//! Global ids: whatever a client sends is refused or comes back as it went, and what a record is called decodes to it.
#![no_main]

use adapters::model::{EntityType, RecordKey};
use libfuzzer_sys::fuzz_target;
use schema::id::{self, GlobalId};

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Some(named) = GlobalId::decode(&text) {
        assert_eq!(named.encode(), *text, "one thing has one id");
        let of_erp = matches!(named, GlobalId::Erp(_));
        assert_eq!(id::erp(&text).is_some(), of_erp, "an id names an ERP or something else, not both");
    }

    // The same bytes as the parts of a key.
    let Some((&first, rest)) = data.split_first() else { return };
    let Ok(rest) = std::str::from_utf8(rest) else { return };
    let mut parts = rest.splitn(3, '\n');
    let (Some(erp), Some(set), Some(remote)) = (parts.next(), parts.next(), parts.next()) else { return };
    let entity = EntityType::ALL[usize::from(first) % EntityType::ALL.len()];
    let key = RecordKey { entity, erp: erp.into(), set: set.into(), id: remote.into() };
    let encoded = id::encode(&key);
    let sound = [erp, set, remote].iter().all(|part| !part.is_empty() && !part.contains(char::is_control));
    if sound && encoded.len() <= 2048 {
        assert_eq!(id::decode(&encoded).as_ref(), Some(&key), "an id leads back to its record");
    } else if let Some(other) = id::decode(&encoded) {
        panic!("{key:?} cannot have an id, and its id decodes to {other:?}");
    }
});
