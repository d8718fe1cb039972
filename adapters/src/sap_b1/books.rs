//! What is known of the company: its currency, and the mapping that fits its Service Layer.

use super::{config::Config, dialect::Columns, rates::is_table};
use crate::{
    error::{Error, ErrorKind, Result},
    http::Response,
    mapping::{Mapping, SetMapping},
    model::{CurrencyCode, EntityType, SourceSet},
};
use serde::Deserialize;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

const MAPPING: &str = include_str!("mapping.toml");

/// The mapping as far as it is known without asking a company, with all that it may have.
pub(super) static BUILT_IN: LazyLock<Mapping> = LazyLock::new(|| match mapping(1, &[]) {
    Ok(mapping) => mapping,
    Err(error) => {
        tracing::error!("the built-in mapping of SAP Business One cannot be read: {error:?}");
        Mapping::default()
    }
});

/// The mapping for a price list, with the codes that the local currency goes by.
fn mapping(price_list: u32, local_currency: &[&str]) -> Result<Mapping> {
    let codes: Vec<_> = local_currency.iter().map(|code| toml::Value::from(*code).to_string()).collect();
    let text =
        MAPPING.replace("\"{price list}\"", &price_list.to_string()).replace("\"{local currency}\"", &codes.join(", "));
    Mapping::parse(&text)
        .map_err(|e| Error::new(ErrorKind::Config, "the mapping of SAP Business One cannot be read").with_detail(e.0))
}

/// What the company details say.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Company {
    pub(super) company_name: Option<String>,
    /// The local currency as the company writes it: an ISO code, or `$`.
    local_currency: Option<String>,
    /// `tYES` where a rate is the price of a unit of foreign currency, `tNO` the other way round.
    direct_indirect_rate: Option<String>,
}

impl Company {
    /// Reads the answer of `CompanyService_GetAdminInfo`.
    pub(super) fn read(response: &Response) -> Result<Self> {
        response.json()
    }

    /// A company of which only the settings speak.
    pub(super) fn of_currency(code: &str) -> Self {
        Self { local_currency: Some(code.to_owned()), ..Self::default() }
    }
}

/// A property of a set that this Service Layer does not have; without a name, the set itself.
pub(super) type Missing = BTreeSet<(SourceSet, Box<str>)>;

/// A company as the adapter reads it.
#[derive(Debug)]
pub(super) struct Books {
    pub(super) company: Company,
    pub(super) base_currency: CurrencyCode,
    pub(super) missing: Missing,
    mapping: Mapping,
    columns: HashMap<(EntityType, SourceSet), Arc<Columns>>,
}

impl Books {
    /// # Errors
    /// [`ErrorKind::Config`] where the company's currency has no ISO code.
    pub(super) fn new(config: &Config, company: Company, missing: Missing) -> Result<Self> {
        let code = config.local_currency.as_deref().or(company.local_currency.as_deref()).unwrap_or_default();
        let base_currency: CurrencyCode = match config.currencies.get(code) {
            Some(currency) => *currency,
            None => code.parse().map_err(|_| {
                let message = match code {
                    "" => "SAP Business One does not say which the local currency is: give the setting local_currency.".to_owned(),
                    code => format!("The local currency {code:?} is no ISO code: say what it means in the setting currencies, for example {code}=USD."),
                };
                Error::new(ErrorKind::Config, message)
            })?,
        };
        let mut codes: Vec<_> =
            config.currencies.iter().filter(|(_, means)| **means == base_currency).map(|(code, _)| &**code).collect();
        codes.push(base_currency.as_str());
        codes.sort_unstable();
        let indirect = company.direct_indirect_rate.as_deref() == Some("tNO");
        let lacks = |set: &SetMapping, property: &str| {
            // An indirect rate is the inverse of what the unified field means.
            indirect && matches!(property, "DocRate" | "Rate") || missing.contains(&(set.set.clone(), property.into()))
        };
        let mapping = mapping(config.price_list, &codes)?
            .only_sets(|set| config.sql_queries || !is_table(set))
            .only_sets(|set| !missing.contains(&(set.set.clone(), "".into())))
            .for_version(|set, _, property| !lacks(set, property));
        let sets = mapping.entities().flat_map(|entity| mapping.sets(entity).iter());
        let columns =
            sets.map(|set| ((set.entity, set.set.clone()), Arc::new(Columns::of(set, &config.currencies)))).collect();
        Ok(Self { company, base_currency, missing, mapping, columns })
    }

    /// The sets of an entity.
    pub(super) fn sets(&self, entity: EntityType) -> &[Arc<SetMapping>] {
        self.mapping.sets(entity)
    }

    /// One set of an entity; none where this company lacks it.
    ///
    /// # Errors
    /// [`Invalid`](ErrorKind::Invalid) where no company has one of that name.
    pub(super) fn set(&self, entity: EntityType, set: &SourceSet) -> Result<Option<&Arc<SetMapping>>> {
        match self.mapping.set(entity, set) {
            None if BUILT_IN.set(entity, set).is_none() => {
                Err(Error::invalid(format!("SAP Business One has no {} in {set}.", entity.def().name)))
            }
            found => Ok(found),
        }
    }

    /// What the columns of a set hold.
    pub(super) fn columns(&self, set: &SetMapping) -> Arc<Columns> {
        self.columns.get(&(set.entity, set.set.clone())).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{sap_b1::config::FORM, settings::Settings};

    pub(in crate::sap_b1) fn config(more: &[(&str, &str)]) -> Config {
        let given = [
            ("url", "https://b1.example:50000"),
            ("company_db", "SBO"),
            ("username", "u"),
            ("password", "secret"),
            ("time_zone", "Europe/Berlin"),
        ];
        let mut values: HashMap<_, _> = given.into();
        values.extend(more.iter().copied());
        let values = values.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned()));
        Config::read(&Settings::new(FORM, values).expect("good settings")).expect("a config")
    }

    pub(in crate::sap_b1) fn books(more: &[(&str, &str)]) -> Books {
        Books::new(&config(more), Company::of_currency("EUR"), Missing::new()).expect("books")
    }

    #[test]
    fn the_built_in_mapping_can_be_read() {
        let entities: Vec<_> = BUILT_IN.entities().collect();
        assert_eq!(entities, EntityType::ALL);
    }

    #[test]
    fn the_local_currency_may_have_a_code_of_its_own() {
        let dollars =
            Books::new(&config(&[("currencies", "$=USD")]), Company::of_currency("$"), Missing::new()).expect("books");
        assert_eq!(dollars.base_currency.as_str(), "USD");
        let error = Books::new(&config(&[]), Company::of_currency("$"), Missing::new()).expect_err("no ISO code");
        assert_eq!(
            error.message,
            "The local currency \"$\" is no ISO code: say what it means in the setting currencies, for example $=USD."
        );
        let error = Books::new(&config(&[]), Company::default(), Missing::new()).expect_err("no currency");
        assert!(error.message.contains("local_currency"));
        let odd = Books::new(&config(&[("currencies", "\"]=EUR")]), Company::of_currency("\"]"), Missing::new());
        assert_eq!(odd.expect("books").base_currency.as_str(), "EUR", "a code cannot break the mapping");
    }

    #[test]
    fn what_an_older_service_layer_lacks_is_left_out() {
        let missing =
            Missing::from([("Invoices".into(), "PaidToDate".into()), ("Invoices".into(), "DataVersion".into())]);
        let books = Books::new(&config(&[]), Company::of_currency("EUR"), missing).expect("books");
        let [invoices, credits] = books.sets(EntityType::Invoice) else { panic!("two sets") };
        assert!(invoices.named("version").is_none() && credits.named("version").is_some());
        assert!(invoices.named("balanceDue").is_none());
        let indirect = Company { direct_indirect_rate: Some("tNO".into()), ..Company::of_currency("EUR") };
        let books = Books::new(&config(&[]), indirect, Missing::new()).expect("books");
        assert!(books.sets(EntityType::Invoice)[0].named("exchangeRate").is_none());
    }
}
