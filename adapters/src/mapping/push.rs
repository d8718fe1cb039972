//! Pushes conditions down to an ERP: as much as it can evaluate, and the rest stays with the caller.

use super::{From, Literal, Predicate, SetMapping, With, id_literal};
use crate::{
    filter::{Condition, Filter, Op, Target, holds},
    model::{SourceSet, Value},
};

/// A comparison in an ERP's own terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SourceOp {
    /// Equals.
    Eq,
    /// Differs, or has no value.
    Neq,
    /// Equals one of several.
    In,
    /// Is greater.
    Gt,
    /// Is greater or equal.
    Gte,
    /// Is less.
    Lt,
    /// Is less or equal.
    Lte,
    /// Contains the text, without regard to case.
    Contains,
    /// Starts with the text, without regard to case.
    StartsWith,
    /// Has no value (`true`) or has one (`false`).
    IsNull,
}

/// A comparison of a source field with values.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceCondition {
    /// The source's name of the field.
    pub path: Box<str>,
    /// The comparison.
    pub op: SourceOp,
    /// With what: one value, several for [`SourceOp::In`].
    pub values: Vec<Literal>,
}

/// A condition in an ERP's own names, without negation. An empty `And` means all, an empty `Or` none.
#[derive(Debug, Clone, PartialEq)]
pub enum SourceFilter {
    /// All of these hold.
    And(Vec<SourceFilter>),
    /// At least one of these holds.
    Or(Vec<SourceFilter>),
    /// The comparison holds.
    Is(SourceCondition),
}

impl SourceFilter {
    /// Every row passes.
    pub const ALL: Self = Self::And(Vec::new());
    /// No row passes: the ERP need not be asked.
    pub const NONE: Self = Self::Or(Vec::new());

    /// Whether no row passes.
    pub fn is_none(&self) -> bool {
        matches!(self, Self::Or(parts) if parts.is_empty())
    }

    /// Whether every row passes.
    pub fn is_all(&self) -> bool {
        matches!(self, Self::And(parts) if parts.is_empty())
    }

    /// All of these, simplified.
    pub fn and(parts: Vec<Self>) -> Self {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::And(inner) => kept.extend(inner),
                none if none.is_none() => return none,
                other => kept.push(other),
            }
        }
        if kept.len() == 1 { kept.remove(0) } else { Self::And(kept) }
    }

    /// At least one of these, simplified.
    pub fn or(parts: Vec<Self>) -> Self {
        let mut kept = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                Self::Or(inner) => kept.extend(inner),
                all if all.is_all() => return all,
                same if kept.contains(&same) => {}
                other => kept.push(other),
            }
        }
        if kept.len() == 1 { kept.remove(0) } else { Self::Or(kept) }
    }
}

/// How well an ERP evaluates a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Just as the unified schema means it.
    Exact,
    /// It lets more rows pass, never fewer.
    Wider,
    /// Not at all.
    No,
}

/// A filter as it is pushed down.
#[derive(Debug, Clone, PartialEq)]
pub struct Pushed {
    /// What the ERP evaluates; with the conditions that select the set's rows.
    pub source: SourceFilter,
    /// What is left to evaluate on the rows that pass.
    pub left: Filter,
}

/// Translates a filter into the names of a source set. `fit` says how well the ERP evaluates a comparison; `or` whether
/// it knows alternatives at all.
pub fn push(filter: &Filter, set: &SetMapping, or: bool, fit: &dyn Fn(&SourceCondition) -> Fit) -> Pushed {
    let push = Push { set, or, fit };
    let mut parts: Vec<_> = set.when.iter().map(|p| push.predicate(p, true).0).collect();
    let mut left = Vec::new();
    let conjuncts = match filter {
        Filter::And(parts) => parts.as_slice(),
        one => std::slice::from_ref(one),
    };
    for part in conjuncts {
        let (source, exact) = push.filter(part, true);
        parts.push(source);
        if !exact {
            left.push(part.clone());
        }
    }
    let source = SourceFilter::and(parts);
    let left = if source.is_none() { Filter::ALL } else { Filter::And(left).simplify() };
    Pushed { source, left }
}

/// A condition that lets at least the right rows pass, and whether it lets just them pass.
type Translated = (SourceFilter, bool);

const GIVE_UP: Translated = (SourceFilter::ALL, false);

/// What all alternatives demand: the widest that a source without alternatives can evaluate of them.
fn common(alternatives: &[SourceFilter]) -> SourceFilter {
    let conjuncts = |filter: &SourceFilter| match filter {
        SourceFilter::And(parts) => parts.clone(),
        one => vec![one.clone()],
    };
    let mut rest = alternatives.iter().map(conjuncts);
    let mut shared = rest.next().unwrap_or_default();
    rest.for_each(|parts| shared.retain(|part| parts.contains(part)));
    SourceFilter::and(shared)
}

fn constant(passes: bool) -> Translated {
    (if passes { SourceFilter::ALL } else { SourceFilter::NONE }, true)
}

struct Push<'a> {
    set: &'a SetMapping,
    or: bool,
    fit: &'a dyn Fn(&SourceCondition) -> Fit,
}

impl Push<'_> {
    /// `positive` is false under a negation, which is moved inwards to the comparisons.
    fn filter(&self, filter: &Filter, positive: bool) -> Translated {
        match filter {
            Filter::Not(inner) => self.filter(inner, !positive),
            Filter::And(parts) if positive => self.all(parts.iter().map(|p| self.filter(p, true))),
            Filter::Or(parts) if !positive => self.all(parts.iter().map(|p| self.filter(p, false))),
            Filter::Or(parts) | Filter::And(parts) => self.any(parts.iter().map(|p| self.filter(p, positive))),
            Filter::Is(condition) => self.condition(condition, positive),
        }
    }

    fn all(&self, parts: impl Iterator<Item = Translated>) -> Translated {
        let (parts, exact): (Vec<_>, Vec<_>) = parts.unzip();
        let source = SourceFilter::and(parts);
        let nothing = source.is_none();
        (source, nothing || exact.into_iter().all(|e| e))
    }

    fn any(&self, parts: impl Iterator<Item = Translated>) -> Translated {
        let (parts, exact): (Vec<_>, Vec<_>) = parts.unzip();
        let source = SourceFilter::or(parts);
        match &source {
            SourceFilter::Or(parts) if !self.or && !parts.is_empty() => (common(parts), false),
            _ => (source, exact.into_iter().all(|e| e)),
        }
    }

    fn is(&self, path: &str, op: SourceOp, values: Vec<Literal>) -> Translated {
        if self.set.is_inside(path) {
            return GIVE_UP;
        }
        let condition = SourceCondition { path: path.into(), op, values };
        match (self.fit)(&condition) {
            Fit::Exact => (SourceFilter::Is(condition), true),
            Fit::Wider => (SourceFilter::Is(condition), false),
            Fit::No => GIVE_UP,
        }
    }

    fn condition(&self, condition: &Condition, positive: bool) -> Translated {
        let field = match condition.target {
            Target::Id if self.set.each.is_some() => return self.parents(condition, positive),
            Target::Id => {
                return self.ids(self.set.id.as_str(), self.set.id_is_number, &self.set.set, condition, positive);
            }
            Target::Field(field) => field,
        };
        let Some(mapping) = self.set.field(field) else {
            return constant(holds(condition.op, &Value::Null, &condition.values) == positive);
        };
        if let From::Const(value) = &mapping.from {
            return constant(holds(condition.op, value, &condition.values) == positive);
        }
        if !mapping.filter {
            return GIVE_UP;
        }
        self.value(mapping.searched(), condition, positive)
    }

    /// A condition on the value that comes from there.
    fn value(&self, from: &From, condition: &Condition, positive: bool) -> Translated {
        match from {
            From::Paths(paths) => match paths.first() {
                Some(path) => self.compare(path.as_str(), condition.op, &condition.values, positive),
                None => GIVE_UP,
            },
            From::Ref { paths, set, number } => match (paths.first(), condition.op) {
                (Some(path), Op::Eq | Op::In | Op::Neq) => self.ids(path.as_str(), *number, set, condition, positive),
                (Some(path), op) => self.compare(path.as_str(), op, &condition.values, positive),
                (None, _) => GIVE_UP,
            },
            From::First { paths, none } => self.first(paths, none, condition, positive),
            // An amount counts by its number, whatever its currency.
            From::InCurrency(of, _) => self.value(of, condition, positive),
            From::Cases(cases) => {
                let wanted = |value: &Value| holds(condition.op, value, &condition.values) == positive;
                self.cases(cases, &wanted)
            }
            From::When(of, when) => {
                let holds_when = self.all(when.iter().map(|p| self.predicate(p, true)));
                let with = self.all([holds_when, self.value(of, condition, positive)].into_iter());
                if holds(condition.op, &Value::Null, &condition.values) != positive {
                    return with;
                }
                let without = self.any(when.iter().map(|p| self.predicate(p, false)));
                self.any([with, without].into_iter())
            }
            From::Day(path) => {
                let op = match condition.op {
                    Op::Gt | Op::Gte if positive => SourceOp::Gte,
                    Op::Lt | Op::Lte if positive => SourceOp::Lte,
                    Op::Eq if positive => SourceOp::Eq,
                    Op::IsNull => return self.compare(path.as_str(), condition.op, &condition.values, positive),
                    _ => return GIVE_UP,
                };
                // Which day a moment is in, the dialect knows: it has the zone. Wider by the day itself.
                let values: Vec<_> = condition.values.iter().filter_map(literal).collect();
                (self.is(path.as_str(), op, values).0, false)
            }
            From::Moment { date, .. } => {
                // The source compares whole days: wider by up to one.
                let day = |value: &Value| match value {
                    Value::DateTime(moment) => Some(moment.date_naive()),
                    _ => None,
                };
                let Some(day) = condition.values.first().and_then(day).filter(|_| positive) else { return GIVE_UP };
                let (op, shift) = match condition.op {
                    Op::Gt | Op::Gte => (SourceOp::Gte, -1),
                    Op::Lt | Op::Lte => (SourceOp::Lte, 1),
                    _ => return GIVE_UP,
                };
                let day = day + chrono::TimeDelta::days(shift);
                (self.is(date.as_str(), op, vec![Literal::Date(day)]).0, false)
            }
            _ => GIVE_UP,
        }
    }

    /// The parents of the records of these ids; which of their elements are meant is left to the caller.
    fn parents(&self, condition: &Condition, positive: bool) -> Translated {
        if !positive || !matches!(condition.op, Op::Eq | Op::In) {
            return GIVE_UP;
        }
        let parents = condition.values.iter().filter_map(|value| match value {
            Value::Ref(r) if r.set == self.set.set => self.set.id_literal(self.set.source_id(&r.id)?),
            _ => None,
        });
        let mut parents: Vec<_> = parents.collect();
        parents.dedup();
        if parents.is_empty() {
            return constant(false);
        }
        (self.source_compare(self.set.id.as_str(), SourceOp::In, parents, true).0, false)
    }

    /// The first of several paths that has a value: a path counts only where those before it have none.
    fn first(&self, paths: &[super::Path], none: &[Box<str>], condition: &Condition, positive: bool) -> Translated {
        let words = || none.iter().map(|word| Literal::Text(word.clone())).collect::<Vec<_>>();
        let empty = |path: &super::Path, empty: bool| {
            let null = self.is(path.as_str(), SourceOp::IsNull, vec![Literal::Bool(empty)]);
            match words() {
                words if words.is_empty() => null,
                words if empty => self.any([null, self.is(path.as_str(), SourceOp::In, words)].into_iter()),
                words => {
                    let others = words.into_iter().map(|word| self.is(path.as_str(), SourceOp::Neq, vec![word]));
                    self.all(std::iter::once(null).chain(others))
                }
            }
        };
        let all_empty = || self.all(paths.iter().map(|path| empty(path, true)));
        if condition.op == Op::IsNull {
            return if (condition.values.first() == Some(&Value::Bool(true))) == positive {
                all_empty()
            } else {
                self.any(paths.iter().map(|path| empty(path, false)))
            };
        }
        // No record has a value that stands for none.
        let is_value = |value: &&Value| value.as_text().is_none_or(|text| !none.iter().any(|word| **word == *text));
        let condition = match condition.op {
            Op::Eq | Op::In | Op::Neq => {
                let values: Vec<_> = condition.values.iter().filter(is_value).cloned().collect();
                if values.is_empty() {
                    return constant((condition.op == Op::Neq) == positive);
                }
                &Condition { values, ..*condition }
            }
            _ => condition,
        };
        // `Neq` and negations also let pass what has no value: there the next path decides.
        let plain = positive && matches!(condition.op, Op::Eq | Op::In);
        let alternatives = paths.iter().enumerate().map(|(at, path)| {
            let before = paths[..at].iter().map(|path| empty(path, true));
            let here = self.compare(path.as_str(), condition.op, &condition.values, positive);
            let value = (!plain).then(|| empty(path, false));
            self.all(before.chain([here]).chain(value))
        });
        let some = self.any(alternatives);
        if positive == (condition.op != Op::Neq) { some } else { self.any([some, all_empty()].into_iter()) }
    }

    /// The cases whose value is wanted; where no case fits, the value is UNKNOWN.
    fn cases(&self, cases: &[(Value, Vec<Predicate>)], wanted: &dyn Fn(&Value) -> bool) -> Translated {
        let holds_all = |when: &[Predicate]| self.all(when.iter().map(|p| self.predicate(p, true)));
        if wanted(&Value::Enum("UNKNOWN")) {
            let unwanted = cases.iter().filter(|c| !wanted(&c.0));
            return self.all(unwanted.map(|c| self.any(c.1.iter().map(|p| self.predicate(p, false)))));
        }
        // Several words of one source field are one `in`, which also sources without alternatives know.
        let words = cases.iter().filter(|c| wanted(&c.0)).map(|c| match c.1.as_slice() {
            [Predicate { path, op: SourceOp::Eq, with: With::Literals(values) }] => Some((path, values)),
            _ => None,
        });
        if let Some(words) = words.collect::<Option<Vec<_>>>()
            && let Some((path, _)) = words.first()
            && words.len() > 1
            && words.iter().all(|w| w.0 == *path)
        {
            let values = words.iter().flat_map(|w| w.1.iter().cloned()).collect();
            return self.is(path.as_str(), SourceOp::In, values);
        }
        self.any(cases.iter().filter(|c| wanted(&c.0)).map(|c| holds_all(&c.1)))
    }

    fn predicate(&self, predicate: &Predicate, positive: bool) -> Translated {
        match &predicate.with {
            With::Literals(values) => {
                self.source_compare(predicate.path.as_str(), predicate.op, values.clone(), positive)
            }
            With::Path(_) | With::Known(_) => GIVE_UP,
        }
    }

    fn ids(&self, path: &str, number: bool, set: &SourceSet, condition: &Condition, positive: bool) -> Translated {
        let ids = condition.values.iter().filter_map(|v| match v {
            Value::Ref(r) if r.set == *set => id_literal(&r.id, number),
            _ => None,
        });
        let ids: Vec<_> = ids.collect();
        let positive = positive == (condition.op != Op::Neq);
        if ids.is_empty() { constant(!positive) } else { self.source_compare(path, SourceOp::In, ids, positive) }
    }

    fn compare(&self, path: &str, op: Op, values: &[Value], positive: bool) -> Translated {
        let Some(values) = values.iter().map(literal).collect::<Option<Vec<_>>>() else { return GIVE_UP };
        if op == Op::In && values.is_empty() {
            return constant(!positive);
        }
        let op = match op {
            Op::Eq => SourceOp::Eq,
            Op::Neq => SourceOp::Neq,
            Op::In => SourceOp::In,
            Op::Gt => SourceOp::Gt,
            Op::Gte => SourceOp::Gte,
            Op::Lt => SourceOp::Lt,
            Op::Lte => SourceOp::Lte,
            Op::Contains => SourceOp::Contains,
            Op::StartsWith => SourceOp::StartsWith,
            Op::IsNull => SourceOp::IsNull,
        };
        self.source_compare(path, op, values, positive)
    }

    /// A comparison or its negation. What has no value fails every comparison but `Neq` and `IsNull`, and so passes
    /// their negations.
    fn source_compare(&self, path: &str, op: SourceOp, values: Vec<Literal>, positive: bool) -> Translated {
        // Other than several values: in none of them.
        let (op, positive) = match op {
            SourceOp::Neq if values.len() != 1 => (SourceOp::In, !positive),
            op => (op, positive),
        };
        let values = if values.len() == 1 || op != SourceOp::In {
            values
        } else if values.is_empty() {
            return constant(!positive);
        } else if positive {
            return self.is(path, SourceOp::In, values);
        } else {
            return self.all(values.into_iter().map(|v| self.is(path, SourceOp::Neq, vec![v])));
        };
        let op = if op == SourceOp::In { SourceOp::Eq } else { op };
        if positive {
            return self.is(path, op, values);
        }
        let or_null = |op| {
            let null = self.is(path, SourceOp::IsNull, vec![Literal::Bool(true)]);
            self.any([self.is(path, op, values.clone()), null].into_iter())
        };
        match op {
            SourceOp::Eq => self.is(path, SourceOp::Neq, values),
            SourceOp::Neq => self.is(path, SourceOp::Eq, values),
            SourceOp::Gt => or_null(SourceOp::Lte),
            SourceOp::Gte => or_null(SourceOp::Lt),
            SourceOp::Lt => or_null(SourceOp::Gte),
            SourceOp::Lte => or_null(SourceOp::Gt),
            SourceOp::IsNull => {
                let flipped = values.iter().map(|v| Literal::Bool(*v != Literal::Bool(true))).collect();
                self.is(path, SourceOp::IsNull, flipped)
            }
            SourceOp::In | SourceOp::Contains | SourceOp::StartsWith => GIVE_UP,
        }
    }
}

/// A value as conditions for an ERP hold it; none for null, references, objects and lists.
pub fn literal(value: &Value) -> Option<Literal> {
    Some(match value {
        Value::Text(t) => Literal::Text(t.clone()),
        Value::Enum(e) => Literal::Text((*e).into()),
        Value::Currency(c) => Literal::Text(c.as_str().into()),
        Value::Int(i) => Literal::Number((*i).into()),
        Value::Bool(b) => Literal::Bool(*b),
        Value::Decimal(d) => Literal::Number(*d),
        Value::Money(m) => Literal::Number(m.amount),
        Value::Date(d) => Literal::Date(*d),
        Value::DateTime(d) => Literal::DateTime(*d),
        _ => return None,
    })
}
