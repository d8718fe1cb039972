//! What records need beyond the rows they come from: names that begin with `+` in the mapping. They are read for the whole page
//! at once and written into the rows, so that the mapping reads them like everything else.

use super::{
    SapB1,
    fault::unknown,
    payments,
    reads::IDS_PER_READ,
    service::{Ask, Manner, Service},
};
use crate::{
    adapter::Ctx,
    error::{Error, ErrorKind, Result},
    mapping::Plan,
    odata::{
        body::Page,
        filter::{any, quote},
    },
};
use bytes::Bytes;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{json, value::RawValue};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

/// Begins the names that are not the service's.
pub(super) const SUPPLEMENT: char = '+';

const DRAWER: &str = "+Drawer";
const STOCK: &str = "+Stock";
const GROUP_NAME: &str = "+GroupName";
const CARD_TYPE: &str = "JournalEntryLines.+CardType";

/// More rows than any table has that is read as a whole.
pub(super) const WHOLE: usize = 1_000_000;
/// The parents of an account are no further away than this; the form has ten levels.
const LEVELS: usize = 16;

/// What the service is asked for, for the fields of a plan.
pub(super) fn select(plan: &Plan) -> String {
    let mut names: Vec<&str> = plan.source_fields().filter(|name| !name.starts_with(SUPPLEMENT)).collect();
    if plan.reads(GROUP_NAME) && !names.contains(&"ItemsGroupCode") {
        names.push("ItemsGroupCode");
    }
    names.join(",")
}

/// The chart of accounts, as far as an account's place in it tells what it is for.
#[derive(Debug, Default)]
pub(super) struct Chart {
    parents: HashMap<Box<str>, Box<str>>,
}

impl Chart {
    /// The number of the drawer that an account is in: the titles of the first level are `100000000000000` to `800000000000000`.
    fn drawer(&self, account: &str) -> Option<char> {
        let mut at = account;
        for _ in 0..LEVELS {
            match self.parents.get(at).filter(|parent| !parent.is_empty()) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        let (drawer, zeros) = at.split_at_checked(1)?;
        let is_drawer = zeros.len() >= 10 && zeros.bytes().all(|b| b == b'0');
        drawer.chars().next().filter(|number| is_drawer && number.is_ascii_digit())
    }
}

/// The names of the groups of items.
pub(super) type Groups = HashMap<i64, Box<str>>;

/// The accounts that stock is kept in.
pub(super) type Stock = HashSet<Box<str>>;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AccountRow {
    code: Box<str>,
    father_account_key: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GroupRow {
    number: i64,
    group_name: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StockRow {
    inventory_account: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PartnerRow {
    card_code: Box<str>,
    card_type: Box<str>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ItemRow {
    items_group_code: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PostingRow<'a> {
    #[serde(borrow, default)]
    journal_entry_lines: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LineRow {
    account_code: Option<Box<str>>,
    short_name: Option<Box<str>>,
}

impl LineRow {
    /// The business partner that a line is about: on other lines the account stands in both places.
    fn partner(self) -> Option<Box<str>> {
        self.short_name.filter(|name| !name.is_empty() && Some(name) != self.account_code.as_ref())
    }
}

/// Writes into the rows of many pages what their plans need beyond them.
pub(super) async fn supplement(b1: &SapB1, ctx: &Ctx, pages: &mut [(&Plan, &mut Page)]) -> Result<()> {
    let wanted = |name: &str| pages.iter().any(|(plan, page)| plan.reads(name) && !page.rows.is_empty());
    let chart = if wanted(DRAWER) { Some(chart(b1, ctx).await?) } else { None };
    let stock = if wanted(STOCK) { Some(stock(b1, ctx).await?) } else { None };
    let groups = if wanted(GROUP_NAME) { Some(groups(b1, ctx).await?) } else { None };
    let partners = if wanted(CARD_TYPE) { Some(partners(b1, ctx, pages).await?) } else { None };
    let has_documents = pages.iter().any(|(plan, page)| payments::reads(plan) && !page.rows.is_empty());
    let paid = if has_documents { payments::paid(b1, ctx, pages).await? } else { None };
    for (plan, page) in pages {
        for row in &mut page.rows {
            if let Some(chart) = chart.as_ref().filter(|_| plan.reads(DRAWER)) {
                let account: AccountCode = parse(row)?;
                if let Some(drawer) = chart.drawer(&account.code) {
                    *row = with(row, DRAWER, &drawer.to_string());
                }
            }
            if let Some(stock) = stock.as_ref().filter(|_| plan.reads(STOCK)) {
                let account: AccountCode = parse(row)?;
                *row = with(row, STOCK, if stock.contains(&account.code) { "tYES" } else { "tNO" });
            }
            if let Some(groups) = groups.as_ref().filter(|_| plan.reads(GROUP_NAME)) {
                let item: ItemRow = parse(row)?;
                if let Some(name) = item.items_group_code.and_then(|group| groups.get(&group)) {
                    *row = with(row, GROUP_NAME, name);
                }
            }
            if let Some(partners) = partners.as_ref().filter(|_| plan.reads(CARD_TYPE)) {
                *row = with_partners(row, partners)?;
            }
            if let Some(paid) = paid.as_ref().filter(|_| payments::reads(plan)) {
                *row = paid.write(plan, row)?;
            }
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct AccountCode {
    code: Box<str>,
}

async fn chart(b1: &SapB1, ctx: &Ctx) -> Result<Arc<Chart>> {
    let service = Arc::clone(&b1.service);
    let load = |ctx| async move {
        let rows: Vec<AccountRow> = whole(&service, &ctx, "ChartOfAccounts", "Code,FatherAccountKey").await?;
        let parents = rows.into_iter().filter_map(|row| Some((row.code, row.father_account_key?)));
        Ok(Arc::new(Chart { parents: parents.collect() }))
    };
    b1.chart.get(ctx, load).await
}

async fn groups(b1: &SapB1, ctx: &Ctx) -> Result<Arc<Groups>> {
    let service = Arc::clone(&b1.service);
    let load = |ctx| async move {
        let rows: Vec<GroupRow> = rows_if_there(whole(&service, &ctx, "ItemGroups", "Number,GroupName").await)?;
        Ok(Arc::new(rows.into_iter().filter_map(|row| Some((row.number, row.group_name?))).collect()))
    };
    b1.groups.get(ctx, load).await
}

async fn stock(b1: &SapB1, ctx: &Ctx) -> Result<Arc<Stock>> {
    let service = Arc::clone(&b1.service);
    let load = |ctx| async move {
        let rows: Vec<StockRow> = rows_if_there(whole(&service, &ctx, "ItemGroups", "InventoryAccount").await)?;
        let accounts = rows.into_iter().filter_map(|row| row.inventory_account);
        Ok(Arc::new(accounts.filter(|account| !account.is_empty()).collect()))
    };
    b1.stock.get(ctx, load).await
}

/// No rows where the user may not read them, or this service does not have them: they are never all of an answer.
fn rows_if_there<T>(rows: Result<Vec<T>>) -> Result<Vec<T>> {
    match rows {
        Err(error) if error.kind == ErrorKind::Forbidden || unknown(&error).is_some() => Ok(Vec::new()),
        rows => rows,
    }
}

/// The rows of a small table.
pub(super) async fn whole<T: DeserializeOwned>(
    service: &Service,
    ctx: &Ctx,
    set: &str,
    select: &str,
) -> Result<Vec<T>> {
    let ask = Ask {
        set: set.into(),
        select: select.to_owned(),
        filter: String::new(),
        order: String::new(),
        skip: 0,
        top: WHOLE,
        count: false,
    };
    let pages = service.pages(ctx, &[ask], Manner::default()).await?;
    pages.iter().flat_map(|page| &page.rows).map(parse).collect()
}

/// Which kinds of business partners the lines of postings are about, by their codes.
async fn partners(b1: &SapB1, ctx: &Ctx, pages: &[(&Plan, &mut Page)]) -> Result<HashMap<Box<str>, Box<str>>> {
    let mut codes = BTreeSet::new();
    for row in pages.iter().filter(|(plan, _)| plan.reads(CARD_TYPE)).flat_map(|(_, page)| &page.rows) {
        let posting: PostingRow<'_> = read(row)?;
        for line in posting.journal_entry_lines {
            codes.extend(read::<LineRow>(line.get().as_bytes())?.partner());
        }
    }
    let codes: Vec<_> = codes.into_iter().collect();
    let ask = |codes: &[Box<str>]| Ask {
        set: "BusinessPartners".into(),
        select: "CardCode,CardType".to_owned(),
        filter: any(&codes.iter().map(|code| format!("CardCode eq {}", quote(code))).collect::<Vec<_>>()),
        order: String::new(),
        skip: 0,
        top: codes.len(),
        count: false,
    };
    let asks: Vec<_> = codes.chunks(IDS_PER_READ).map(ask).collect();
    let pages = b1.service.pages(ctx, &asks, Manner::default()).await?;
    let rows = pages.iter().flat_map(|page| &page.rows).map(parse::<PartnerRow>);
    rows.map(|row| row.map(|row| (row.card_code, row.card_type))).collect()
}

fn with_partners(row: &Bytes, partners: &HashMap<Box<str>, Box<str>>) -> Result<Bytes> {
    let mut fields: BTreeMap<Cow<'_, str>, Box<RawValue>> = read(row)?;
    let posting: PostingRow<'_> = read(row)?;
    let mut lines = Vec::with_capacity(posting.journal_entry_lines.len());
    for line in posting.journal_entry_lines {
        let text = Bytes::copy_from_slice(line.get().as_bytes());
        let kind = read::<LineRow>(&text)?.partner().and_then(|code| partners.get(&code));
        let text = kind.map_or(text.clone(), |kind| with(&text, "+CardType", kind));
        lines.push(read::<Box<RawValue>>(&text)?);
    }
    fields.insert("JournalEntryLines".into(), serde_json::value::to_raw_value(&lines).map_err(unreadable)?);
    serde_json::to_vec(&fields).map(Bytes::from).map_err(unreadable)
}

/// A row with one more text in it.
pub(super) fn with(row: &[u8], name: &str, value: &str) -> Bytes {
    with_json(row, name, &json!(value).to_string())
}

/// A row with one more value in it, which is given as JSON.
pub(super) fn with_json(row: &[u8], name: &str, value: &str) -> Bytes {
    let rest = row.trim_ascii_start().strip_prefix(b"{").unwrap_or_default();
    let comma = if rest.trim_ascii_start().starts_with(b"}") { "" } else { "," };
    let mut text = format!("{{{}:{value}{comma}", json!(name)).into_bytes();
    text.extend_from_slice(rest);
    text.into()
}

fn parse<T: DeserializeOwned>(row: &Bytes) -> Result<T> {
    serde_json::from_slice(row).map_err(unreadable)
}

fn read<'a, T: Deserialize<'a>>(row: &'a [u8]) -> Result<T> {
    serde_json::from_slice(row).map_err(unreadable)
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::bad_response("a record of the ERP's answer cannot be read").with_detail(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gets_one_more_text() {
        assert_eq!(with(b"{}", "+A", "x"), r#"{"+A":"x"}"#);
        assert_eq!(with(br#" {"B":1.10}"#, "+A", "\"x"), r#"{"+A":"\"x","B":1.10}"#);
    }

    #[test]
    fn an_account_is_in_the_drawer_of_its_first_title() {
        let pairs = [("_SYS1", "110"), ("110", "100000000000000"), ("400", "400000000000000"), ("loop", "loop")];
        let chart = Chart { parents: pairs.map(|(code, parent)| (code.into(), parent.into())).into() };
        assert_eq!(chart.drawer("_SYS1"), Some('1'));
        assert_eq!(chart.drawer("100000000000000"), Some('1'));
        assert_eq!(chart.drawer("400"), Some('4'));
        assert_eq!(chart.drawer("loop"), None);
        assert_eq!(chart.drawer("1000"), None, "an account outside the drawers");
    }

    #[test]
    fn amounts_survive_when_partners_are_written_into_lines() {
        let row = Bytes::from_static(
            br#"{"JdtNum":1,"JournalEntryLines":[{"AccountCode":"1","ShortName":"C1","Debit":12345678901234567.89},{"AccountCode":"2","ShortName":"2"}]}"#,
        );
        let partners = HashMap::from([("C1".into(), "cCustomer".into())]);
        let written = with_partners(&row, &partners).expect("a row");
        let text = String::from_utf8_lossy(&written);
        assert!(text.contains(r#"{"+CardType":"cCustomer","AccountCode":"1""#), "{text}");
        assert!(text.contains("12345678901234567.89") && text.contains(r#"{"AccountCode":"2""#), "{text}");
    }
}
