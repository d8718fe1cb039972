//! Every record that a page-through shows equals the tables, by plain SQL.
//!
//! A server takes part that has `tables`, a `psql` command with its connection: `"psql -h 127.0.0.1 -U reader -d prod"`.

use crate::{ENTITIES, Listing, adapter, ctx, everything, servers};
use adapters::{
    adapter::{AggregateQuery, GroupBy},
    filter::Filter,
    model::{EntityType, Kind, Record, Value},
};
use rust_decimal::Decimal;
use std::{
    collections::{BTreeMap, HashMap},
    process::Command,
};

/// A value as the queries write it: numbers without needless zeros, amounts without their currency.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => (if *yes { "t" } else { "f" }).to_owned(),
        Value::Int(n) => n.to_string(),
        Value::Decimal(n) => n.normalize().to_string(),
        Value::Money(money) => money.amount.normalize().to_string(),
        Value::Date(day) => day.to_string(),
        Value::DateTime(moment) => moment.format("%Y-%m-%d %H:%M:%S").to_string(),
        Value::Ref(to) => to.id.to_string(),
        Value::Object(parts) => parts.iter().map(shown).collect::<Vec<_>>().join("|"),
        Value::List(parts) => parts.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.as_text().unwrap_or_default().to_owned(),
    }
}

/// A field by its name; of a list only some fields of each element: `lines{product,total}`.
fn field(record: &Record, spec: &str) -> String {
    let Some((name, parts)) = spec.trim_end_matches('}').split_once('{') else { return shown(record.named(spec)) };
    let id = record.def().id_of(name).unwrap_or_else(|| panic!("no field {name}"));
    let Kind::List(of) = record.def().field(id).kind else { panic!("{name} is no list") };
    let Value::List(elements) = record.get(id) else { return String::new() };
    let element = |element: &Value| {
        let Value::Object(values) = element else { panic!("no object") };
        parts.split(',').map(|part| shown(&values[of.position(part).unwrap()])).collect::<Vec<_>>().join("|")
    };
    elements.iter().map(element).collect::<Vec<_>>().join(";")
}

const DIMENSIONS: &str = "(select string_agg((pl.name->>'en_US') || '|' || (aa.name->>'en_US'), ',' order by aa.id) from account_analytic_account aa
    join account_analytic_plan pl on pl.id = aa.plan_id
    where aa.id in (select distinct trim(k)::int from jsonb_object_keys(l.analytic_distribution) key, unnest(string_to_array(key, ',')) k))";

/// The kind of an account `a`.
fn kind(nineteen: bool) -> String {
    let stock = if nineteen {
        "select (property_stock_valuation_account_id->>'1')::int from product_category
         union select account_stock_valuation_id from res_company where id = 1
         union select nullif(d.json_value, 'false')::int from ir_default d join ir_model_fields f on f.id = d.field_id
           where f.model = 'product.category' and f.name = 'property_stock_valuation_account_id' and d.company_id = 1"
    } else {
        "select split_part(value_reference, ',', 2)::int from ir_property
         where name = 'property_stock_valuation_account_id' and company_id = 1 and value_reference is not null"
    };
    format!(
        "case when a.account_type = 'asset_current' and a.id in ({stock}) then 'INVENTORY' else case a.account_type
           when 'asset_cash' then 'CASH' when 'asset_receivable' then 'RECEIVABLE' when 'asset_current' then 'CURRENT_ASSET'
           when 'asset_prepayments' then 'CURRENT_ASSET' when 'asset_fixed' then 'FIXED_ASSET' when 'asset_non_current' then 'OTHER_ASSET'
           when 'liability_payable' then 'PAYABLE' when 'liability_credit_card' then 'CREDIT_CARD' when 'liability_current' then 'CURRENT_LIABILITY'
           when 'liability_non_current' then 'LONG_TERM_LIABILITY' when 'equity' then 'EQUITY' when 'equity_unaffected' then 'EQUITY'
           when 'income' then 'INCOME' when 'income_other' then 'OTHER_INCOME' when 'expense_direct_cost' then 'COST_OF_SALES'
           when 'expense' then 'OPERATING_EXPENSE' when 'expense_depreciation' then 'DEPRECIATION' when 'expense_other' then 'OTHER_EXPENSE'
           else 'UNKNOWN' end end"
    )
}

/// For an entity its fields and the query of their values, behind the id.
fn truth(entity: EntityType, nineteen: bool) -> (&'static str, String) {
    let pick = |old: &'static str, new: &'static str| if nineteen { new } else { old };
    let lines = "(select string_agg(concat_ws('|', l.id, coalesce(l.product_id::text, ''), l.account_id, trim_scale(l.quantity), trim_scale(l.price_subtotal),
            trim_scale(l.price_total), coalesce((select string_agg(t.account_tax_id::text, ',' order by t.account_tax_id) from account_move_line_account_tax_rel t
            where t.account_move_line_id = l.id), '')), ';' order by l.sequence, l.id)
          from account_move_line l where l.move_id = m.id and l.display_type = 'product')";
    let allocations = |own: &str, kind: &str| {
        format!(
            "(select string_agg(concat_ws('|', trim_scale(case when o.id = p.debit_move_id then p.debit_amount_currency else p.credit_amount_currency end), p.max_date,
                coalesce(c.payment_id::text, '')), ';' order by p.max_date, p.id)
              from account_partial_reconcile p join account_move_line o on o.id in (p.debit_move_id, p.credit_move_id)
              join account_move_line c on c.id in (p.debit_move_id, p.credit_move_id) and c.id <> o.id
              join account_account a on a.id = o.account_id join account_move cm on cm.id = c.move_id
              where o.move_id = {own} and a.account_type in ('asset_receivable', 'liability_payable') {kind}
              and (case when o.id = p.debit_move_id then p.debit_amount_currency else p.credit_amount_currency end) <> 0)"
        )
    };
    let document = |kinds: &str, positive: &str, party: &str, number: &str, payments: &str| {
        format!(
            "select m.id, {number}, m.{party}, m.invoice_date, m.date, m.invoice_date_due, c.name, trim_scale(m.amount_untaxed), trim_scale(m.amount_tax), trim_scale(m.amount_total),
               trim_scale(m.amount_residual), trim_scale(m.amount_untaxed_signed * s), trim_scale(m.amount_total_signed * s), trim_scale(m.amount_residual_signed * s), {payments}, {lines}
             from account_move m join res_currency c on c.id = m.currency_id, lateral (select case when m.move_type = '{positive}' then 1 else -1 end) as sign(s)
             where m.company_id = 1 and m.move_type in ({kinds})"
        )
    };
    let order = |table: &str, line: &str, extra: &str, quantities: &str, taxes: &str| {
        format!(
            "select o.id, o.name, o.partner_id, c.name, trim_scale(o.amount_untaxed), trim_scale(o.amount_tax), trim_scale(o.amount_total), {extra},
               (select string_agg(concat_ws('|', l.id, coalesce(l.product_id::text, ''), {quantities}, trim_scale(l.price_total), coalesce({taxes}, ''), coalesce({DIMENSIONS}, '')), ';' order by l.sequence, l.id)
                from {line} l where l.order_id = o.id and l.display_type is null)
             from {table} o join res_currency c on c.id = o.currency_id where o.company_id = 1"
        )
    };
    let moves = |line: &str| {
        format!(
            "(select string_agg(concat_ws('|', s.id, s.product_id, trim_scale(case when s.state = 'done' then coalesce(ml.quantity, s.quantity) else s.product_uom_qty end), coalesce(lot.name, ''),
                coalesce(s.{line}::text, '')), ';' order by s.sequence, s.id, ml.id)
              from stock_move s join product_product pp on pp.id = s.product_id join product_template pt on pt.id = pp.product_tmpl_id
              left join stock_move_line ml on ml.move_id = s.id and s.state = 'done' and pt.tracking <> 'none'
              left join stock_lot lot on lot.id = ml.lot_id where s.picking_id = k.id)"
        )
    };
    let status = "case when k.state in ('draft', 'waiting', 'confirmed') then 'DRAFT' when k.state = 'assigned' then 'READY' when k.state = 'done' then 'DONE' else 'CANCELLED' end";
    match entity {
        EntityType::Customer | EntityType::Vendor => {
            let rank = if entity == EntityType::Customer { "customer_rank" } else { "supplier_rank" };
            ("name,email,taxNumber,status", format!("select id, complete_name, email, vat, case when active then 'ACTIVE' else 'INACTIVE' end from res_partner where {rank} > 0 and (company_id = 1 or company_id is null)"))
        }
        EntityType::Product => {
            ("name,sku,isActive,category", "select p.id, t.name->>'en_US', p.default_code, p.active, c.complete_name from product_product p join product_template t on t.id = p.product_tmpl_id left join product_category c on c.id = t.categ_id where t.company_id = 1 or t.company_id is null".to_owned())
        }
        EntityType::Invoice => {
            let payments = allocations("m.id", "");
            ("number,customer,issueDate,postingDate,dueDate,currency,subtotal,taxTotal,total,balanceDue,baseSubtotal,baseTotal,baseBalanceDue,payments{amount,date,payment},lines{remoteId,product,account,quantity,subtotal,total,taxRates}",
             document("'out_invoice', 'out_refund'", "out_invoice", "partner_id", "nullif(m.name, '/')", &payments))
        }
        EntityType::Bill => {
            let payments = allocations("m.id", "");
            ("number,vendor,issueDate,postingDate,dueDate,currency,subtotal,taxTotal,total,balanceDue,baseSubtotal,baseTotal,baseBalanceDue,payments{amount,date,payment},lines{remoteId,product,account,quantity,subtotal,total,taxRates}",
             document("'in_invoice', 'in_refund'", "in_refund", "partner_id", "coalesce(nullif(m.ref, ''), nullif(m.name, '/'))", &payments))
        }
        EntityType::Payment => {
            let settled = allocations("pm.move_id", "and cm.move_type in ('out_invoice', 'out_refund', 'in_invoice', 'in_refund')").replace("coalesce(c.payment_id::text, '')", "c.move_id");
            let (head, join) = pick("nullif(m.name, '/'), case m.state when 'draft' then 'DRAFT' when 'posted' then 'POSTED' else 'VOIDED' end, m.date, m.ref, j.default_account_id|from account_payment pm join account_move m on m.id = pm.move_id join account_journal j on j.id = m.journal_id where m.company_id = 1 and not pm.is_internal_transfer",
                "nullif(pm.name, '/'), case when pm.state = 'draft' then 'DRAFT' when pm.state in ('in_process', 'paid') then 'POSTED' else 'VOIDED' end, pm.date, pm.memo, j.default_account_id|from account_payment pm join account_journal j on j.id = pm.journal_id where pm.company_id = 1").split_once('|').unwrap();
            ("number,status,date,reference,account,direction,amount,customer,vendor,allocations{amount,date,invoice,bill}",
             format!("select pm.id, {head}, upper(pm.payment_type), trim_scale(pm.amount), case when pm.partner_type = 'customer' then pm.partner_id end, case when pm.partner_type = 'supplier' then pm.partner_id end,
                (select string_agg(concat_ws('|', split_part(x, '|', 1), split_part(x, '|', 2), case when y.move_type like 'out%' then y.id::text else '' end, case when y.move_type like 'in%' then y.id::text else '' end), ';' order by n)
                 from unnest(string_to_array({settled}, ';')) with ordinality as u(x, n) join account_move y on y.id = split_part(x, '|', 3)::int) {join}"))
        }
        EntityType::SalesOrder => ("number,customer,currency,subtotal,taxTotal,total,reference,lines{remoteId,product,quantity,quantityFulfilled,quantityBilled,total,taxRates,dimensions}",
            order("sale_order", "sale_order_line", "o.client_order_ref", "trim_scale(l.product_uom_qty), trim_scale(coalesce(l.qty_delivered, 0)), trim_scale(coalesce(l.qty_invoiced, 0))",
                "(select string_agg(t.account_tax_id::text, ',' order by t.account_tax_id) from account_tax_sale_order_line_rel t where t.sale_order_line_id = l.id)")),
        EntityType::PurchaseOrder => ("number,vendor,currency,subtotal,taxTotal,total,reference,lines{remoteId,product,quantity,quantityFulfilled,quantityBilled,total,taxRates,dimensions}",
            order("purchase_order", "purchase_order_line", "o.partner_ref", "trim_scale(l.product_qty), trim_scale(coalesce(l.qty_received, 0)), trim_scale(coalesce(l.qty_invoiced, 0))",
                "(select string_agg(t.account_tax_id::text, ',' order by t.account_tax_id) from account_tax_purchase_order_line_rel t where t.purchase_order_line_id = l.id)")),
        EntityType::Receipt => ("number,status,vendor,purchaseOrder,receivedAt,lines{remoteId,product,quantity,lot,orderLine}",
            format!("select k.id, k.name, {status}, k.partner_id, (select pl.order_id from stock_move s join purchase_order_line pl on pl.id = s.purchase_line_id where s.picking_id = k.id order by s.id limit 1),
                to_char(k.date_done, 'YYYY-MM-DD HH24:MI:SS'), {} from stock_picking k join stock_picking_type t on t.id = k.picking_type_id join stock_location f on f.id = k.location_id
                where k.company_id = 1 and t.code = 'incoming' and f.usage <> 'customer'", moves("purchase_line_id"))),
        EntityType::Shipment => ("number,status,customer,salesOrder,shippedAt,lines{remoteId,product,quantity,lot,orderLine}",
            format!("select k.id, k.name, {status}, k.partner_id, k.sale_id, to_char(k.date_done, 'YYYY-MM-DD HH24:MI:SS'), {} from stock_picking k join stock_picking_type t on t.id = k.picking_type_id
                join stock_location f on f.id = k.location_dest_id where k.company_id = 1 and t.code = 'outgoing' and f.usage <> 'supplier'", moves("sale_line_id"))),
        EntityType::StockLevel => ("product,location,onHand,reserved,available",
            "select q.id, q.product_id, l.complete_name, trim_scale(coalesce(q.quantity, 0)), trim_scale(q.reserved_quantity), trim_scale(coalesce(q.quantity, 0) - q.reserved_quantity) from stock_quant q join stock_location l on l.id = q.location_id where l.usage = 'internal' and q.company_id = 1".to_owned()),
        EntityType::WorkOrder => ("number,status,product,quantity,priority,plannedStart,deadline,assignee,reference",
            "select id, name, case state when 'draft' then 'DRAFT' when 'confirmed' then 'CONFIRMED' when 'done' then 'DONE' when 'cancel' then 'CANCELLED' else 'IN_PROGRESS' end, product_id, trim_scale(product_qty), priority,
             to_char(date_start, 'YYYY-MM-DD HH24:MI:SS'), to_char(date_deadline, 'YYYY-MM-DD HH24:MI:SS'), user_id, origin from mrp_production where company_id = 1".to_owned()),
        EntityType::Account => ("code,name,isActive,kind,balance",
            format!("select a.id, {}, a.name->>'en_US', {}, {}, trim_scale(coalesce((select sum(l.balance) from account_move_line l where l.account_id = a.id and l.parent_state = 'posted' and l.company_id = 1), 0)) from account_account a where {}",
                pick("a.code", "a.code_store->>'1'"), pick("not coalesce(a.deprecated, false)", "a.active"), kind(nineteen), pick("a.company_id = 1", "exists (select from account_account_res_company_rel r where r.account_account_id = a.id and r.res_company_id = 1)"))),
        EntityType::Transaction => ("date,journal,number,account,debit,credit,description,customer,vendor,dimensions",
            format!("select l.id, l.date, j.name->>'en_US', l.move_name, l.account_id, trim_scale(l.debit), trim_scale(l.credit), l.name, case when a.account_type = 'asset_receivable' then l.partner_id end,
                case when a.account_type = 'liability_payable' then l.partner_id end,
                {DIMENSIONS}
                from account_move_line l join account_account a on a.id = l.account_id join account_journal j on j.id = l.journal_id where l.company_id = 1 and l.parent_state = 'posted'")),
        EntityType::TaxRate => ("name,rate,kind,isActive", "select id, name->>'en_US', case when amount_type in ('percent', 'division') then trim_scale(amount) end, upper(type_tax_use), active from account_tax where company_id = 1".to_owned()),
        EntityType::Company => ("name,baseCurrency,fiscalYearEndMonth,fiscalYearEndDay", "select r.id, r.name, c.name, r.fiscalyear_last_month, r.fiscalyear_last_day from res_company r join res_currency c on c.id = r.currency_id where r.id = 1".to_owned()),
        EntityType::ErpUser => ("name,email,isActive", "select u.id, p.name, p.email, u.active from res_users u join res_partner p on p.id = u.partner_id where not u.share and exists (select from res_company_users_rel r where r.user_id = u.id and r.cid = 1)".to_owned()),
        EntityType::ExchangeRate => ("from,to,date", "select r.id, c.name, 'USD', r.name from res_currency_rate r join res_currency c on c.id = r.currency_id where r.company_id = 1 or r.company_id is null".to_owned()),
    }
}

#[tokio::test]
async fn records_equal_the_tables() {
    let mut all = 0;
    for server in servers() {
        let Some(tables) = server.tables else { continue };
        let adapter = adapter(&server.settings);
        let nineteen = adapter.probe(&ctx()).await.expect("a probe").version.is_some_and(|v| v.starts_with("19"));
        for entity in ENTITIES.iter().copied() {
            let (fields, query) = truth(entity, nineteen);
            let listing = Listing {
                adapter: &*adapter,
                entity,
                filter: Filter::ALL,
                order: Vec::new(),
                fields: entity.def().every_field(),
            };
            let (rows, pages) = listing.all(150).await;
            let specs = split(fields);
            let found: BTreeMap<String, Vec<String>> = rows
                .iter()
                .map(|row| (row.record.key.id.to_string(), specs.iter().map(|spec| field(&row.record, spec)).collect()))
                .collect();
            let expected = select(&tables, &query);
            assert_eq!(found.len(), rows.len(), "{} {entity:?}: each once", server.name);
            let mut differences = 0;
            for id in found.keys().chain(expected.keys().filter(|id| !found.contains_key(*id))) {
                let (Some(found), Some(expected)) = (found.get(id), expected.get(id)) else {
                    println!(
                        "{} {entity:?} {id}: found {:?}, in the tables {:?}",
                        server.name,
                        found.get(id),
                        expected.get(id)
                    );
                    differences += 1;
                    continue;
                };
                for (spec, (found, expected)) in specs.iter().zip(found.iter().zip(expected)) {
                    let one_line = |text: &str| text.replace(['\n', '\r'], " ").trim().to_owned();
                    if one_line(found) != one_line(expected) {
                        differences += 1;
                        if differences < 8 {
                            println!("{} {entity:?} {id} {spec}: {found} / {expected}", server.name);
                        }
                    }
                }
            }
            println!("{} {entity:?}: {} records in {pages} pages, {differences} differences", server.name, rows.len());
            all += differences;
        }
    }
    assert_eq!(all, 0);
}

/// What a row of an overview shows: debit and credit.
type Balances = BTreeMap<String, Vec<String>>;

#[tokio::test]
async fn the_trial_balance_by_kind_equals_the_tables() {
    for server in servers() {
        let Some(tables) = server.tables else { continue };
        let adapter = adapter(&server.settings);
        let nineteen = adapter.probe(&ctx()).await.expect("a probe").version.is_some_and(|v| v.starts_with("19"));
        let kinds: HashMap<Box<str>, Value> = everything(&*adapter, EntityType::Account)
            .await
            .iter()
            .map(|account| (account.key.id.clone(), account.named("kind").clone()))
            .collect();
        let entity = EntityType::Transaction;
        let id_of = |name: &str| entity.def().id_of(name).unwrap();
        let query = AggregateQuery {
            sets: adapter.sets(entity),
            filter: Filter::ALL,
            group_by: vec![GroupBy::Field(id_of("account"))],
            sums: vec![id_of("debit"), id_of("credit")],
        };
        let call = ctx();
        let groups = adapter.aggregate(&call, entity, &query).await.expect("sums");
        assert_eq!(call.calls_made(), 1);
        let mut sums: BTreeMap<String, Vec<Decimal>> = BTreeMap::new();
        for group in groups {
            let Value::Ref(account) = &group.keys[0] else { panic!("a line without an account") };
            let sum = sums.entry(shown(&kinds[&account.id])).or_insert_with(|| vec![Decimal::ZERO; 2]);
            sum.iter_mut().zip(group.sums).for_each(|(sum, more)| *sum += more);
        }
        let found: Balances = sums
            .into_iter()
            .map(|(kind, sums)| (kind, sums.iter().map(|sum| sum.normalize().to_string()).collect()))
            .collect();
        let query = format!(
            "select {}, trim_scale(sum(l.debit)), trim_scale(sum(l.credit)) from account_move_line l join account_account a on a.id = l.account_id
             where l.company_id = 1 and l.parent_state = 'posted' group by 1",
            kind(nineteen)
        );
        println!("{}: {found:?}", server.name);
        assert_eq!(found, select(&tables, &query), "{}", server.name);
    }
}

/// Odoo sends `710.5`.
#[tokio::test]
async fn amounts_are_written_to_the_cent() {
    for server in servers() {
        let Some(tables) = server.tables else { continue };
        let adapter = adapter(&server.settings);
        let specs = ["subtotal", "taxTotal", "total", "balanceDue", "baseTotal"];
        let entity = EntityType::Invoice;
        let found: Balances = everything(&*adapter, entity)
            .await
            .iter()
            .map(|record| {
                let written = |spec: &&str| match record.named(spec) {
                    Value::Money(money) => money.amount.to_string(),
                    _ => String::new(),
                };
                (record.key.id.to_string(), specs.iter().map(written).collect())
            })
            .collect();
        let query = "select id, round(amount_untaxed, 2), round(amount_tax, 2), round(amount_total, 2), round(amount_residual, 2), round(abs(amount_total_signed), 2)
             from account_move where company_id = 1 and move_type in ('out_invoice', 'out_refund')";
        assert_eq!(found, select(&tables, query), "{}", server.name);
        println!("{}: {} invoices", server.name, found.len());
    }
}

/// Field names between commas, but for those in braces.
fn split(fields: &str) -> Vec<String> {
    let mut inside = false;
    let mut specs = vec![String::new()];
    for c in fields.chars() {
        inside = (inside || c == '{') && c != '}';
        match c {
            ',' if !inside => specs.push(String::new()),
            c => specs.last_mut().unwrap().push(c),
        }
    }
    specs
}

fn select(tables: &str, query: &str) -> BTreeMap<String, Vec<String>> {
    let mut words = tables.split_whitespace();
    let output = Command::new(words.next().expect("a command"))
        .args(words)
        .args(["-AtXq", "-F", "\u{1f}", "-R", "\u{1e}", "-c", query])
        .output()
        .expect("psql");
    assert!(output.status.success(), "{}\n{query}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let rows = text.trim_end_matches(['\n', '\u{1e}']).split('\u{1e}').filter(|row| !row.is_empty());
    rows.map(|row| {
        let mut cells = row.split('\u{1f}').map(str::to_owned);
        (cells.next().unwrap(), cells.collect())
    })
    .collect()
}
