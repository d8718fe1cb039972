//! Compiles a tree into SQL: finds the field of each condition, and hands it to those who know its kind and release.

use std::collections::HashSet;

use super::{
    negation::negate,
    new, old,
    parse::{Leaf, Node, Op, Pattern, parse},
    sql::{Sql, id_set},
    values,
};
use crate::{
    odoo::{
        failure::{Class, Failure, Fallible},
        models::{Field, Kind, Known, Source},
        orm::{View, reader::Reader},
        python,
    },
    store::{Cell, Filter, Match, Schema, Set, Table},
};

/// What compiling needs at hand.
pub(super) struct Compiler<'v, 'a> {
    pub(super) view: &'v View<'a>,
    pub(super) active_only: bool,
}

/// Where the values of a condition's field are.
pub(super) struct Place<'t> {
    pub(super) table: &'t Table,
    pub(super) column: usize,
    pub(super) kind: Kind,
    /// Whether a row without a value cannot be.
    pub(super) required: bool,
}

impl<'a> Compiler<'_, 'a> {
    /// A domain, and that a row is not archived unless the domain says something about that.
    pub(super) fn visible(&self, known: &'a Known, node: &Node) -> Fallible<Sql> {
        let sql = self.node(known, node)?;
        if !self.active_only || !known.archives() || node.names("active") {
            return Ok(sql);
        }
        let active = self.leaf(known, &Leaf::new("active", Op::Eq, true.into()))?;
        Ok(Sql::And(vec![active, sql]))
    }

    /// The ids of the rows that fulfil a domain.
    pub(super) fn ids(&self, known: &'a Known, node: &Node, active_only: bool) -> Fallible<Set> {
        let inner = Compiler { view: self.view, active_only };
        let table = self.view.table(known);
        let filter = inner.visible(known, node)?.filter(table);
        Ok(id_set(table.select(&filter).map(|row| row.id())))
    }

    /// The ids of the rows of which a domain is false, and not unknown.
    pub(super) fn ids_without(&self, known: &'a Known, node: &Node) -> Fallible<Set> {
        let table = self.view.table(known);
        let filter = self.node(known, node)?.lower(table, false);
        Ok(id_set(table.select(&filter).map(|row| row.id())))
    }

    fn rewritten(&self) -> bool {
        self.view.version().rewritten()
    }

    pub(super) fn node(&self, known: &'a Known, node: &Node) -> Fallible<Sql> {
        match node {
            Node::Constant(outcome) => Ok(Sql::Constant(*outcome)),
            Node::Leaf(leaf) => self.leaf(known, leaf),
            Node::And(nodes) => Ok(Sql::And(self.nodes(known, nodes)?)),
            Node::Or(nodes) => Ok(Sql::Or(self.nodes(known, nodes)?)),
            Node::Not(node) => self.resolved(known, &negate(known, self.view.version(), node)),
        }
    }

    /// A node in which `!` stands before conditions without an opposite only.
    fn resolved(&self, known: &'a Known, node: &Node) -> Fallible<Sql> {
        let all = |nodes: &[Node]| nodes.iter().map(|node| self.resolved(known, node)).collect::<Fallible<Vec<_>>>();
        match node {
            Node::And(nodes) => all(nodes).map(Sql::And),
            Node::Or(nodes) => all(nodes).map(Sql::Or),
            Node::Not(node) => Ok(self.node(known, node)?.negated()),
            other => self.node(known, other),
        }
    }

    fn nodes(&self, known: &'a Known, nodes: &[Node]) -> Fallible<Vec<Sql>> {
        nodes.iter().map(|node| self.node(known, node)).collect()
    }

    pub(super) fn leaf(&self, known: &'a Known, leaf: &Leaf) -> Fallible<Sql> {
        let (name, rest) = match leaf.path.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (&*leaf.path, None),
        };
        let Some(field) = known.field(name) else {
            let place = if self.rewritten() { "condition" } else { "leaf" };
            let model = known.model.name;
            return Err(Failure::value(format!("Invalid field {model}.{name} in {place} {}", leaf.repr())));
        };
        if let Some(rest) = rest {
            if field.kind.relation().is_none() {
                return Err(self.no_path(known, leaf, name, rest));
            }
            let inner = Leaf { path: rest.to_owned(), ..leaf.clone() };
            return self.any(known, field, &Node::Leaf(inner), false);
        }
        if matches!(field.source, Source::Display) && field.searchable(self.view.version()) {
            let ids = self.named(known, leaf.op, &leaf.value)?;
            return Ok(Sql::Condition(Filter::In(0, ids), None));
        }
        if !field.searchable(self.view.version()) {
            return self.unsearchable(known, field);
        }
        match (leaf.op, field.kind) {
            (Op::Any | Op::NotAny, kind) if kind.relation().is_some() => {
                let domain = parse(&leaf.value, self.view.version())?;
                self.any(known, field, &domain, leaf.op == Op::NotAny)
            }
            (Op::Any | Op::NotAny, _) if self.rewritten() => {
                let message = format!("Cannot use 'any' with non-relational fields in condition {}", leaf.repr());
                Err(Failure::value(message))
            }
            (Op::Any | Op::NotAny, _) => Err(Failure::key("None")),
            (Op::ChildOf | Op::ParentOf, _) => self.hierarchy(known, field, leaf),
            (_, Kind::Many2one(_)) if self.ends_midway(known, leaf) => Ok(Sql::Constant(false)),
            (_, Kind::Many2one(_)) => self.reference(known, field, leaf),
            (_, Kind::Many2many(_) | Kind::One2many(..)) => self.references(known, field, leaf),
            _ => match self.loosened(known, leaf) {
                Some(leaf) => self.scalar(known, field, &leaf),
                None => self.scalar(known, field, leaf),
            },
        }
    }

    /// Until 17 a transfer's order is looked for along `move_ids.purchase_line_id.order_id`, from its end: that a transfer has
    /// none is found of no transfer (seen on 17; 19 finds them).
    fn ends_midway(&self, known: &Known, leaf: &Leaf) -> bool {
        let of_order = known.model.name == "stock.picking" && leaf.path == "purchase_id";
        of_order && self.view.version().0 < 18 && leaf.op == Op::Eq && !python::truth(&leaf.value)
    }

    /// From 18 on a search of taxes by name lets other letters between those that it looks for, but in quotes
    /// (`account.tax._parse_name_search`).
    fn loosened(&self, known: &Known, leaf: &Leaf) -> Option<Leaf> {
        let searches = matches!(leaf.op, Op::Pattern(Pattern { anywhere: true, negated: false, .. }));
        if self.view.version().0 < 18 || known.model.name != "account.tax" || leaf.path != "name" || !searches {
            return None;
        }
        let mut parts: Vec<&str> = leaf.value.as_str()?.split('"').collect();
        // A quote that is not closed is one character among others.
        let open = if parts.len().is_multiple_of(2) { parts.pop() } else { None };
        let apart = |text: &str| {
            let letters = text.chars().filter(|c| c.is_alphanumeric() || *c == '_').map(String::from);
            letters.collect::<Vec<_>>().join("%")
        };
        let loose = parts.iter().enumerate().map(|(at, part)| match open {
            Some(rest) if at + 1 == parts.len() => apart(&format!("{part}{rest}")),
            _ if at % 2 == 1 => format!("%{}%", part.replace('%', "_")),
            _ => apart(part),
        });
        Some(Leaf { value: loose.collect::<String>().into(), ..leaf.clone() })
    }

    /// A condition on values that stand for themselves.
    pub(super) fn scalar(&self, known: &'a Known, field: &Field, leaf: &Leaf) -> Fallible<Sql> {
        let required = field.required || field.name == "id";
        let compile = |table: &Table, column| {
            let place = Place { table, column, kind: field.kind, required };
            let condition = if self.rewritten() { new::condition } else { old::condition };
            condition(&place, leaf)
        };
        let table = self.view.table(known);
        if field.name == "id" {
            return compile(table, 0);
        }
        if let Some(column) = field.column().and_then(|column| table.column(column)) {
            return compile(table, column);
        }
        // Values without a column are worked out into a table of their own, so that a condition means the same there.
        let reader = Reader::new(self.view, known, field);
        let mut computed = Schema::new("computed", &["id", "value"]).key("id").build();
        let mut store =
            |id, value: Cell| computed.insert(id, [("value", value)]).map_err(|e| Failure::value(e.to_string()));
        if let Reader::Value(value) = &reader {
            store(1, value.clone())?;
        } else {
            for row in table.rows() {
                store(row.id(), reader.read(&row, self.view))?;
            }
        }
        let outcome = |wanted| -> Fallible<Set> {
            let filter = compile(&computed, 1)?.lower(&computed, wanted);
            Ok(id_set(computed.select(&filter).map(|row| row.id())))
        };
        let (yes, no) = (outcome(true)?, outcome(false)?);
        Ok(match reader {
            Reader::Value(_) if yes.iter().next().is_some() => Sql::Constant(true),
            Reader::Value(_) if no.iter().next().is_some() => Sql::Constant(false),
            Reader::Value(_) => Sql::Unknown,
            _ => Sql::Listed { yes, no },
        })
    }

    /// The rows that a search by name finds; names that are not all equal to a value must all differ from it.
    pub(super) fn named(&self, known: &'a Known, op: Op, value: &serde_json::Value) -> Fallible<Set> {
        let everywhere = matches!(op, Op::Pattern(Pattern { anywhere: true, .. })) && !python::truth(value);
        if everywhere {
            return self.ids(known, &Node::Constant(!op.is_negative()), false);
        }
        // Before 17 the column of whole names was no field yet.
        let path = |path: &&'static str| match *path {
            "complete_name" if known.field("complete_name").is_none() => "name",
            path => path,
        };
        let leaves = known.model.searched.iter().map(path);
        let leaves = leaves.map(|path| Node::Leaf(Leaf::new(path, op, value.clone()))).collect();
        let node = if op.is_negative() { Node::And(leaves) } else { Node::Or(leaves) };
        self.ids(known, &node, false)
    }

    fn no_path(&self, known: &Known, leaf: &Leaf, name: &str, rest: &str) -> Failure {
        if self.rewritten() {
            return Failure::value(format!("Invalid field property '{rest}' on {}.{name}", known.model.name));
        }
        let message = format!("Invalid field '{}' in domain term {}", leaf.path, leaf.repr());
        Failure::new(Class::Builtin("AssertionError"), message)
    }

    /// Before 19 a condition that cannot be searched for is logged and taken for true.
    fn unsearchable(&self, known: &Known, field: &Field) -> Fallible<Sql> {
        if !self.rewritten() {
            return Ok(Sql::Constant(true));
        }
        let message = format!("Cannot convert {}.{} to SQL because it is not stored", known.model.name, field.name);
        Err(Failure::value(message))
    }

    /// All rows that descend from, or are above, the given ones. Only models that know a parent have any.
    pub(super) fn family(&self, known: &'a Known, parent: &str, roots: Set, descend: bool) -> Fallible<Set> {
        let table = self.view.table(known);
        let column = known.field(parent).and_then(Field::column).and_then(|column| table.column(column));
        let column = column.ok_or_else(|| Failure::key(parent))?;
        let mut found: HashSet<i64> = HashSet::new();
        let mut next: Vec<i64> = roots.iter().filter_map(Cell::as_int).collect();
        while !next.is_empty() {
            next.retain(|id| found.insert(*id));
            next = if descend {
                let filter = Filter::one_of(column, next.iter().copied());
                table.select(&filter).map(|row| row.id()).collect()
            } else {
                next.iter().filter_map(|id| table.get(*id)?.at(column).as_int()).collect()
            };
        }
        Ok(id_set(found))
    }
}

/// `LIKE` and its kin; what is no text is cast to one.
pub(super) fn like(place: &Place<'_>, pattern: Pattern, text: &str) -> Fallible<Sql> {
    let Place { column, kind, .. } = *place;
    values::without_nul(text)?;
    let backslashes = text.bytes().rev().take_while(|byte| *byte == b'\\').count();
    if !pattern.anywhere && backslashes % 2 == 1 {
        return dangling(place, pattern, &text[..text.len() - 1]);
    }
    let text = if pattern.anywhere { format!("%{text}%") } else { text.to_owned() };
    let plain = kind.is_text() || matches!(kind, Kind::Selection(_));
    let filter = if plain && !pattern.ignore_case {
        Filter::text(column, Match::Like, &text, false)
    } else {
        let fold = if pattern.ignore_case { lower } else { str::to_owned };
        let text = fold(&text);
        Filter::Test(Box::new(move |row| match row.at(column) {
            Cell::Text(value) => Match::Like.holds(&fold(value), &text),
            cell => values::cast_to_text(cell).is_some_and(|value| Match::Like.holds(&fold(&value), &text)),
        }))
    };
    Ok(Sql::Condition(filter, Some(column)))
}

/// Lower case as PostgreSQL makes it, letter by letter: `İ` is `i`, and a sigma at the end is one like any other.
fn lower(text: &str) -> String {
    text.chars().filter_map(|letter| letter.to_lowercase().next()).collect()
}

/// A pattern whose last character escapes nothing: PostgreSQL complains when a text reaches that far.
fn dangling(place: &Place<'_>, pattern: Pattern, before: &str) -> Fallible<Sql> {
    let reached = Filter::text(place.column, Match::Like, &format!("{before}_%"), pattern.ignore_case);
    if place.table.select(&reached).next().is_none() {
        return Ok(Sql::Condition(Filter::Or(Vec::new()), Some(place.column)));
    }
    Err(Failure::postgres("InvalidEscapeSequence", "LIKE pattern must not end with escape character\n"))
}
