//! The children of many parents: the invoices of customers, the orders of customers, the invoices of orders.

use super::{
    IDS_PER_QUERY, QuickBooks,
    api::{Answer, Api},
    read::{Left, add, empty, is_id},
    statement::{MAX_ROWS, Selection, listed, name, order_by},
};
use crate::{
    adapter::{Children, ChildrenQuery, Ctx, Position, SetPage},
    error::{Error, Result},
    mapping::{Env, From, Plan, SetMapping, SourceFilter},
    model::{EntityType, FieldId, FieldSet, RemoteRef, Value},
};
use futures_util::future::{try_join, try_join_all};
use serde::Deserialize;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

/// For each parent the ids of its children.
type Links = HashMap<Box<str>, Vec<Box<str>>>;

impl QuickBooks {
    pub(super) async fn read_children(&self, ctx: &Ctx, entity: EntityType, query: &ChildrenQuery) -> Result<Children> {
        let filter = self.answerable(ctx, entity, &query.filter).await?;
        let mut left = Left::default();
        let mut families = Vec::with_capacity(query.sets.len());
        for name in &query.sets {
            let set = self.set(entity, name)?;
            families.push(Family::new(set, query, left.push(&filter, set))?);
        }
        let left = left.filter();
        let wanted = Wanted {
            via: query.via,
            per_parent: query.per_parent.min(MAX_ROWS - 1),
            fields: query.fields.union(left.fields()),
        };

        let first = self.first_answers(ctx, &mut families, wanted.per_parent);
        let (env, ()) = try_join(self.env(ctx), first).await?;
        for family in &mut families {
            family.deal(&wanted, &env)?;
        }
        self.top_up(ctx, &mut families, &wanted, &env).await?;

        let parents = query.parents.iter().map(|parent| families.iter().map(|family| family.page(parent)).collect());
        Ok(Children { parents: parents.collect(), left })
    }

    /// One query for all parents of each set; the invoices of orders are found through the orders.
    async fn first_answers(&self, ctx: &Ctx, families: &mut [Family<'_>], per_parent: usize) -> Result<()> {
        let asked = families.iter_mut().map(|family| async move {
            match &family.via {
                Via::Nothing => Ok(()),
                Via::Column { .. } => self.ask_for(ctx, family, most_rows(family.open.len(), per_parent)).await,
                Via::Links(_) => {
                    let estimates: Vec<_> = family.open.iter().map(|id| &**id).collect();
                    let links = self.invoices_of(ctx, &estimates).await?;
                    self.follow(ctx, family, links).await
                }
            }
        });
        try_join_all(asked).await.map(drop)
    }

    /// One query for the children of all parents that are still open.
    async fn ask_for(&self, ctx: &Ctx, family: &mut Family<'_>, most: usize) -> Result<()> {
        let Via::Column { path } = &family.via else { return Ok(()) };
        if family.open.is_empty() {
            return Ok(());
        }
        let statement = family.selection.clone().within(path, family.open.iter().map(|id| &**id)).rows(&family.order, 0, most);
        family.answers = vec![(self.api.query(ctx, &statement).await?, most)];
        Ok(())
    }

    /// The queries for linked records. Those of one parent stay together, so that their order is the ERP's.
    async fn follow(&self, ctx: &Ctx, family: &mut Family<'_>, links: Links) -> Result<()> {
        let mut chunks: Vec<HashSet<&str>> = Vec::new();
        for ids in links.values().filter(|ids| !ids.is_empty()) {
            match chunks.last_mut().filter(|chunk| chunk.len() + ids.len() <= IDS_PER_QUERY) {
                Some(chunk) => chunk.extend(ids.iter().map(|id| &**id)),
                None => chunks.push(ids.iter().map(|id| &**id).collect()),
            }
        }
        let (selection, order) = (&family.selection, &family.order);
        let answers = chunks.into_iter().map(|chunk| async move {
            let mut ids: Vec<_> = chunk.into_iter().collect();
            ids.sort_unstable();
            let statement = selection.clone().within("Id", ids).rows(order, 0, MAX_ROWS);
            Ok::<_, Error>((self.api.query(ctx, &statement).await?, MAX_ROWS))
        });
        family.answers = try_join_all(answers).await?;
        family.via = Via::Links(links);
        Ok(())
    }

    /// Asks again for the parents whose children were crowded out: first for all of them at once where they are many, then
    /// for each by a query of its own, in batches.
    async fn top_up(&self, ctx: &Ctx, families: &mut [Family<'_>], wanted: &Wanted, env: &Env) -> Result<()> {
        let asked = wanted.per_parent + 1;
        let open = |families: &[Family<'_>]| families.iter().map(|f| f.open.len()).sum::<usize>();
        if open(families) > Api::queries_in_a_call(asked) {
            try_join_all(families.iter_mut().map(|family| self.ask_for(ctx, family, MAX_ROWS))).await?;
            for family in &mut *families {
                family.deal(wanted, env)?;
            }
        }
        let mut statements = Vec::new();
        for family in &*families {
            let Via::Column { path } = &family.via else { continue };
            for parent in &family.open {
                statements.push(family.selection.clone().within(path, [&**parent]).rows(&family.order, 0, asked));
            }
        }
        if statements.is_empty() {
            return Ok(());
        }
        let mut answers = self.api.all(ctx, &statements, asked).await?.into_iter();
        for family in families {
            if matches!(family.via, Via::Column { .. }) {
                family.answers = answers.by_ref().take(family.open.len()).map(|answer| (answer, asked)).collect();
                family.deal(wanted, env)?;
            }
        }
        Ok(())
    }

    /// The invoices that estimates were turned into, by the estimates' own links.
    pub(super) async fn invoices_of(&self, ctx: &Ctx, estimates: &[&str]) -> Result<Links> {
        #[derive(Deserialize)]
        struct Estimate {
            #[serde(rename = "Id")]
            id: Box<str>,
            #[serde(rename = "LinkedTxn")]
            links: Option<Vec<Link>>,
        }
        #[derive(Deserialize)]
        struct Link {
            #[serde(rename = "TxnId")]
            id: Box<str>,
            #[serde(rename = "TxnType")]
            kind: String,
        }
        let Some(set) = self.mapping.sets(EntityType::SalesOrder).first() else { return Ok(Links::new()) };
        let answers = estimates.chunks(IDS_PER_QUERY).map(|chunk| async move {
            let selection = Selection::new(set, &SourceFilter::ALL)?.within(set.id.as_str(), chunk.iter().copied());
            self.api.query(ctx, &selection.rows("", 0, chunk.len())).await
        });
        let mut links = Links::new();
        for answer in try_join_all(answers).await? {
            for raw in answer.rows(set.set.as_str())? {
                let estimate: Estimate = serde_json::from_str(raw.get())
                    .map_err(|e| Error::bad_response("The links of an estimate cannot be read.").with_detail(e.to_string()))?;
                let invoices = estimate.links.unwrap_or_default().into_iter();
                let invoices = invoices.filter(|link| link.kind == "Invoice" && is_id(&link.id)).map(|link| link.id);
                links.insert(estimate.id, invoices.collect());
            }
        }
        Ok(links)
    }
}

/// What is wanted of each child, and how many of each parent.
struct Wanted {
    via: FieldId,
    per_parent: usize,
    fields: FieldSet,
}

/// How the children of a set know their parents.
enum Via {
    /// They have none.
    Nothing,
    /// By a field that queries select by.
    Column { path: Box<str> },
    /// The parents know them.
    Links(Links),
}

/// The children in one source set.
struct Family<'m> {
    set: &'m Arc<SetMapping>,
    via: Via,
    selection: Selection,
    order: String,
    /// Parents whose pages are not known to be complete.
    open: Vec<Box<str>>,
    /// Answers that are not dealt yet, each with how many rows it could have had.
    answers: Vec<(Answer, usize)>,
    pages: HashMap<Box<str>, SetPage>,
}

impl<'m> Family<'m> {
    fn new(set: &'m Arc<SetMapping>, query: &ChildrenQuery, source: SourceFilter) -> Result<Self> {
        let def = set.entity.def();
        let unsupported = || Error::unsupported(format!("QuickBooks cannot find {} by {}.", def.plural, def.field(query.via).name));
        let (via, target) = match set.field(query.via).map(|m| &m.from) {
            None => (Via::Nothing, None),
            Some(_) if source.is_none() => (Via::Nothing, None),
            Some(From::Ref { paths, set: target, .. }) => match paths.first() {
                Some(path) if listed(set, "keys", name(path.as_str())) => {
                    (Via::Column { path: path.as_str().into() }, Some(target.clone()))
                }
                _ => return Err(unsupported()),
            },
            Some(From::Elements { .. }) if def.field(query.via).name == "salesOrder" => (Via::Links(Links::new()), None),
            Some(_) => return Err(unsupported()),
        };
        let mut seen = HashSet::new();
        let open = query.parents.iter().filter(|p| target.as_ref().is_none_or(|t| *t == p.set) && is_id(&p.id));
        let open = open.filter(|p| seen.insert(&*p.id)).map(|p| p.id.clone()).collect();
        let source = if source.is_none() { SourceFilter::ALL } else { source };
        Ok(Self {
            set,
            open: if matches!(via, Via::Nothing) { Vec::new() } else { open },
            via,
            selection: Selection::new(set, &source)?,
            order: order_by(set, &query.order)?,
            answers: Vec::new(),
            pages: HashMap::new(),
        })
    }

    /// Deals the rows of the answers to their parents, and closes the parents whose pages are complete.
    fn deal(&mut self, wanted: &Wanted, env: &Env) -> Result<()> {
        let answers = std::mem::take(&mut self.answers);
        if answers.is_empty() {
            if matches!(self.via, Via::Links(_)) {
                self.open.clear();
            }
            return Ok(());
        }
        let mut owners: HashMap<&str, Vec<&str>> = HashMap::new();
        if let Via::Links(links) = &self.via {
            for (parent, ids) in links {
                ids.iter().for_each(|id| owners.entry(id).or_default().push(parent));
            }
        }
        // Most rows of a big parent are not shown: whose a row is, is found out without reading it.
        let key = Plan::new(self.set, FieldSet::from_iter([wanted.via]));
        let plan = Plan::new(self.set, wanted.fields);
        let mut counts: HashMap<Box<str>, usize> = HashMap::new();
        let mut pages: HashMap<Box<str>, SetPage> = HashMap::new();
        let mut cut = false;
        for (answer, asked) in &answers {
            let rows = answer.rows(self.set.set.as_str())?;
            cut |= rows.len() >= *asked;
            for raw in rows {
                let Ok(child) = key.read(raw.get(), &[], env) else { continue };
                let of: Vec<&str> = match (&self.via, child.get(wanted.via)) {
                    (Via::Links(_), _) => owners.get(&*child.key.id).cloned().unwrap_or_default(),
                    (_, Value::Ref(parent)) => vec![&*parent.id],
                    _ => Vec::new(),
                };
                for parent in of {
                    let count = counts.entry(parent.into()).or_default();
                    *count += 1;
                    let page = pages.entry(parent.into()).or_insert_with(|| empty(self.set));
                    if *count <= wanted.per_parent {
                        add(page, plan.read(raw.get(), &[], env), *count as u64);
                    } else {
                        page.next = Some(Position::Offset(wanted.per_parent as u64));
                    }
                }
            }
        }
        // An answer that was cut off may lack children of every parent that does not have more than enough already.
        let each_its_own = answers.len() > 1 || matches!(self.via, Via::Links(_));
        let mut open = std::mem::take(&mut self.open);
        open.retain(|parent| {
            let complete = each_its_own || !cut || pages.get(parent).is_some_and(|page| page.next.is_some());
            if complete && let Some(page) = pages.remove(parent) {
                self.pages.insert(parent.clone(), page);
            }
            !complete
        });
        self.open = open;
        Ok(())
    }

    fn page(&self, parent: &RemoteRef) -> SetPage {
        self.pages.get(&parent.id).cloned().unwrap_or_else(|| empty(self.set))
    }
}

/// How many rows to ask for at first. Children are rarely spread evenly: twice as many as needed spare many a second call,
/// and are little against what a call takes.
fn most_rows(parents: usize, per_parent: usize) -> usize {
    (2 * parents * (per_parent + 1)).clamp(100, MAX_ROWS)
}
