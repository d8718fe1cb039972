//! Values of conditions that an adapter learns of its ERP: which ids have a meaning there.

use super::{FieldMapping, From, Literal, Predicate, SetMapping, Take, With};

impl SetMapping {
    /// The set with the values that its conditions name by `{ known = "…" }`.
    #[must_use]
    pub fn with_known(mut self, values: &dyn Fn(&str) -> Vec<Literal>) -> Self {
        let mut fill = |predicate: &mut Predicate| {
            if let With::Known(name) = &predicate.with {
                predicate.with = With::Literals(values(name));
            }
        };
        self.when.iter_mut().for_each(&mut fill);
        each_field(&mut self.fields, &mut fill);
        self
    }
}

fn each_field(fields: &mut [Option<FieldMapping>], change: &mut dyn FnMut(&mut Predicate)) {
    for field in fields.iter_mut().flatten() {
        field.from.each_predicate(change);
        field.by.iter_mut().for_each(|by| by.each_predicate(change));
    }
}

impl From {
    fn each_predicate(&mut self, change: &mut dyn FnMut(&mut Predicate)) {
        match self {
            Self::Cases(cases) => cases.iter_mut().flat_map(|case| &mut case.1).for_each(change),
            Self::When(of, when) => {
                when.iter_mut().for_each(&mut *change);
                of.each_predicate(change);
            }
            Self::Either(of) | Self::Several(of) => of.iter_mut().for_each(|of| of.each_predicate(change)),
            Self::Record(of) | Self::Times(of, _) | Self::InCurrency(of, _) => of.each_predicate(change),
            Self::ByCurrency(own, foreign) => [own, foreign].into_iter().for_each(|of| of.each_predicate(change)),
            Self::Object(fields) => each_field(fields, change),
            Self::Elements { when, take, .. } => {
                when.iter_mut().for_each(&mut *change);
                match take {
                    Take::Object(fields) => each_field(fields, change),
                    Take::One(of) => of.each_predicate(change),
                }
            }
            Self::Paths(_)
            | Self::First { .. }
            | Self::Ref { .. }
            | Self::Const(_)
            | Self::Sum(_)
            | Self::Own
            | Self::Through { .. }
            | Self::Day(_)
            | Self::Inverse(_)
            | Self::CompanyCurrency
            | Self::Join(..)
            | Self::Moment { .. }
            | Self::Html(_)
            | Self::Template(_)
            | Self::Index => {}
        }
    }
}
