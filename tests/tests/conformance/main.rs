//! The conformance suite: the same cases for every adapter, over the production HTTP stack and a simulated ERP.
//!
//! A case takes a target and looks at its capabilities; where it does not apply it prints one line `skipped: why`. What is
//! skipped must not look like what passes: `matrix.txt` says for each target what it can do.

mod children;
#[path = "../shared/clock.rs"]
mod clock;
mod counts;
mod docs;
mod faults;
mod identity;
mod injection;
mod list;
#[path = "../shared/log.rs"]
mod log;
mod mapping;
mod matrix;
mod predicates;
mod read;
mod readme;
mod references;
mod secrecy;
mod story;
mod sums;
mod support;
mod undeclared;

/// Makes a module of tests for each target.
macro_rules! conformance {
    ($($target:ident)*) => {
        /// All targets.
        const TARGETS: &[fn() -> tests::Spec] = &[$(tests::targets::$target),*];
        $(mod $target {
            cases! {
                $target
                identity: probe_ok, bad_credentials_are_unauthorized, info_names_the_erp;
                read: a_missing_record_is_none, order_and_length_are_kept, batches_take_few_requests,
                    unicode_and_missing_values, money_is_exact, dates_stay_dates, datetimes_are_utc, only_wanted_fields_are_held;
                list: pages_do_not_overlap_or_lose, nulls_come_last, the_limit_is_honoured, an_empty_list, two_keys_order,
                    every_position_goes_on, changes_between_pages, a_page_takes_one_call;
                counts: a_count_equals_the_list;
                predicates: filters_of_customers, filters_of_vendors, filters_of_products, filters_of_invoices, filters_of_bills,
                    filters_of_payments, filters_of_sales_orders, filters_of_purchase_orders, filters_of_receipts,
                    filters_of_shipments, filters_of_stock_levels, filters_of_work_orders, filters_of_accounts,
                    filters_of_transactions, filters_of_tax_rates, filters_of_companies, filters_of_erp_users,
                    filters_of_exchange_rates,
                    nested_filters, enum_values_exclude_each_other;
                injection: strings_in_filters_are_data, strings_in_ids_are_data;
                references: every_reference_leads_to_its_record;
                sums: sums_and_counts_equal_the_list, the_ledger_sums_to_the_balances;
                children: exact_for_every_parent, few_calls, edges;
                undeclared: unsupported_entities_fail_without_http;
                faults: retries_503, honours_retry_after, a_hang_ends_at_the_deadline, truncated_json_is_a_bad_response,
                    html_is_a_bad_response, an_expired_session_is_renewed_once, a_rate_limit_is_shared, the_breaker_opens_and_recovers, the_breaker_recovers_for_lists_of_several_sets,
                    a_broken_connection_is_retried, refusals_are_not_retried;
                secrecy: no_secret_in_errors_or_debug;
                docs: the_readme_names_every_setting, every_setting_is_explained;
            }
        })*
    };
}

macro_rules! cases {
    ($target:ident $($area:ident: $($case:ident),*;)*) => {
        $($(#[tokio::test]
        async fn $case() {
            crate::support::run(tests::targets::$target(), crate::$area::$case).await;
        })*)*
    };
}

/// Makes a module of tests of what records mean, for one target of each version of a system: the transport does not matter.
macro_rules! meaning {
    ($($name:ident $target:ident)*) => {
        $(mod $name {
            cases! {
                $target
                story: invoices, sales_orders, bills, purchase_orders, payments, what_is_paid_and_what_is_left_make_the_total,
                    receipts, shipments, stock_levels, work_orders, accounts, transactions, vendors, tax_rates, companies,
                    erp_users, exchange_rates;
            }
        })*
    };
}

meaning! {
    story_odoo_17 odoo_17_session
    story_odoo_19 odoo_19_json2
    story_sap_b1 sap_b1_v2
    story_quickbooks quickbooks
}

conformance! {
    odoo_17_session
    odoo_17_jsonrpc
    odoo_19_json2
    odoo_19_databases
    sap_b1_v2
    sap_b1_v1
    quickbooks
}
