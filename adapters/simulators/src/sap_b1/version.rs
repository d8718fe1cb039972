//! The two versions of the Service Layer: OData 3 under `/b1s/v1`, OData 4 under `/b1s/v2`.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// Which one a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    V1,
    V2,
}

impl Version {
    /// The part of the path under `/b1s`.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }

    /// The version of a path under `/b1s`, and what follows its slash.
    pub(super) fn of(path: &str) -> Option<(Self, &str)> {
        let rest = path.strip_prefix("/b1s/")?;
        let (version, rest) = rest.split_once('/').unwrap_or((rest, ""));
        match version {
            "v1" => Some((Self::V1, rest)),
            "v2" => Some((Self::V2, rest)),
            _ => None,
        }
    }

    /// The name of an annotation: `odata.count` or `@odata.count`.
    pub(super) fn annotation(self, name: &'static str) -> &'static str {
        match (self, name) {
            (Self::V1, name) => name,
            (Self::V2, "odata.metadata") => "@odata.context",
            (Self::V2, "odata.etag") => "@odata.etag",
            (Self::V2, "odata.id") => "@odata.id",
            (Self::V2, "odata.count") => "@odata.count",
            (Self::V2, "odata.nextLink") => "@odata.nextLink",
            (Self::V2, name) => name,
        }
    }

    /// The media type of JSON.
    pub(super) fn json(self) -> &'static str {
        match self {
            Self::V1 => "application/json;odata=minimalmetadata;charset=utf-8",
            Self::V2 => "application/json;odata.metadata=minimal;charset=utf-8",
        }
    }

    /// The header that names the version of the protocol.
    pub(super) fn header(self) -> (&'static str, &'static str) {
        match self {
            Self::V1 => ("DataServiceVersion", "3.0"),
            Self::V2 => ("OData-Version", "4.0"),
        }
    }

    /// Writes a body: v1 spreads it over lines with a blank before each colon, v2 writes it in one.
    pub(super) fn write(self, body: &impl Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Writing into memory does not fail, nor does anything that is written here.
        let _ = match self {
            Self::V1 => body.serialize(&mut Serializer::with_formatter(&mut bytes, Styled::default())),
            Self::V2 => body.serialize(&mut Serializer::new(&mut bytes)),
        };
        bytes
    }
}

/// The style of the library that writes v1, as printed throughout SAP's "Working with SAP Business One Service Layer".
struct Styled(PrettyFormatter<'static>);

impl Default for Styled {
    fn default() -> Self {
        Self(PrettyFormatter::with_indent(b"   "))
    }
}

macro_rules! as_pretty {
    ($($method:ident($($argument:ident: $kind:ty)?)),* $(,)?) => {
        $(fn $method<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $argument: $kind)?) -> io::Result<()> {
            self.0.$method(writer $(, $argument)?)
        })*
    };
}

impl Formatter for Styled {
    as_pretty!(
        begin_array(),
        end_array(),
        begin_array_value(first: bool),
        end_array_value(),
        begin_object(),
        end_object(),
        begin_object_key(first: bool),
        end_object_value(),
    );

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b" : ")
    }
}
