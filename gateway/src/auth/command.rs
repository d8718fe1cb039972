//! The command `apikey`: keys made, listed and revoked in the store itself, also while a gateway runs.

use super::{accounts, issue};
use crate::{
    audit::{Act, Actor, Audit},
    store::Store,
};
use adapters::model::ErpId;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use clap::Subcommand;
use schema::ports::{ApiKeyView, NewApiKey, Role};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;

/// What can be done with API keys.
#[derive(Subcommand)]
pub enum ApiKeyCommand {
    /// Makes a key and prints it. It is not shown again.
    Create {
        /// What it is for.
        #[arg(long)]
        name: String,
        /// What its bearer is: admin, manager, analyst or service.
        #[arg(long, value_parser = role)]
        role: Role,
        /// What its bearer may do beyond the role: records:read, records:raw, erp:call, erps:manage, audit:read. Can be given
        /// several times.
        #[arg(long = "scope")]
        scopes: Vec<String>,
        /// An ERP that its bearer may know of, by its id; all if none is given. Can be given several times.
        #[arg(long = "erp")]
        erps: Vec<String>,
        /// When it ends: a day (2027-12-31), a moment (2027-12-31T18:00:00Z), or a number of days from now (90d).
        #[arg(long)]
        expires: Option<String>,
    },
    /// Lists all keys, without what makes them secret.
    List,
    /// Ends a key. A gateway that runs refuses it within seconds.
    Revoke {
        /// Its id.
        id: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "not admin, manager, analyst or service".into())
}

/// What the command prints.
pub struct Printed {
    /// On stdout, a secret perhaps.
    pub out: SecretString,
    /// On stderr, for people.
    pub note: Option<String>,
}

impl ApiKeyCommand {
    /// Does it. ERPs are known by the store or by the configuration file.
    ///
    /// # Errors
    /// One sentence.
    pub async fn run(
        self,
        store: &Store,
        of_file: &BTreeSet<ErpId>,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<Printed, String> {
        store.prepare().await.map_err(|e| e.to_string())?;
        let (audit, now) = (Audit::new(store.clone(), clock), clock());
        match self {
            Self::Create { name, role, scopes, erps, expires } => {
                let erps: BTreeSet<ErpId> = erps.iter().map(|erp| erp.as_str().into()).collect();
                let key = NewApiKey {
                    name: name.trim().to_owned(),
                    role,
                    scopes: scopes.into_iter().collect(),
                    erps: (!erps.is_empty()).then_some(erps),
                    expires_at: expires.map(|text| moment(&text, now)).transpose()?,
                };
                let mut known = of_file.clone();
                let stored = store.erps().await.map_err(|e| e.to_string())?;
                known.extend(stored.into_iter().filter(|erp| erp.disconnected_at.is_none()).map(|erp| erp.id));
                if let Some(error) = accounts::check(&key, |erp| known.contains(erp), now).into_iter().next() {
                    return Err(format!("--{}: {}", option(&error.field), error.message));
                }
                let act = accounts::describe(Act { action: "apikey.create", ..Act::default() }, &key);
                let made = issue(store, key, now).await.map_err(|e| e.to_string())?;
                audit.note(Actor::Operator, Act { subject: Some(made.key.id.clone()), ..act }, "ok").await;
                let note = format!("Keep this key now, it is not shown again. Its id is {}.\n", made.key.id);
                Ok(Printed { out: format!("{}\n", made.secret.expose_secret()).into(), note: Some(note) })
            }
            Self::List => {
                let keys = store.api_keys().await.map_err(|e| e.to_string())?;
                let mut text = String::from("ID                ROLE     STATE    LAST USED         NAME\n");
                keys.iter().for_each(|key| text.push_str(&line(key, now)));
                Ok(Printed { out: text.into(), note: None })
            }
            Self::Revoke { id } => {
                if store.api_key(&id).await.map_err(|e| e.to_string())?.is_none() {
                    return Err(format!("there is no API key {id:?}: `erp-gateway apikey list` shows their ids"));
                }
                store.revoke_api_key(&id, now).await.map_err(|e| e.to_string())?;
                let act = Act { action: "apikey.revoke", subject: Some(id.clone()), ..Act::default() };
                audit.note(Actor::Operator, act, "ok").await;
                Ok(Printed { out: format!("revoked {id}\n").into(), note: None })
            }
        }
    }
}

/// The option that gives a field of the input.
fn option(field: &[String]) -> &'static str {
    match field.first().map(String::as_str) {
        Some("scopes") => "scope",
        Some("erps") => "erp",
        Some("expiresAt") => "expires",
        _ => "name",
    }
}

fn line(key: &ApiKeyView, now: DateTime<Utc>) -> String {
    let state = match (key.revoked_at, key.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(at)) if at <= now => "expired",
        _ => "active",
    };
    let used = key.last_used_at.map_or("never".into(), |at| at.format("%Y-%m-%d %H:%M").to_string());
    let mut line = format!("{:<17} {:<8} {state:<8} {used:<17} {}", key.id, key.role.word(), key.name);
    let mut more = Vec::new();
    if !key.scopes.is_empty() {
        more.push(format!("scopes {}", key.scopes.iter().cloned().collect::<Vec<_>>().join(" ")));
    }
    if let Some(erps) = &key.erps {
        more.push(format!("ERPs {}", erps.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")));
    }
    if let Some(at) = key.expires_at {
        more.push(format!("until {}", at.format("%Y-%m-%d %H:%M")));
    }
    if !more.is_empty() {
        line.push_str(&format!(" ({})", more.join("; ")));
    }
    line.push('\n');
    line
}

/// A moment as people write it.
fn moment(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, String> {
    let days = text.strip_suffix('d').and_then(|days| days.parse().ok());
    let in_days = days.and_then(|days| now.checked_add_days(Days::new(days)));
    let on_day = || text.parse::<NaiveDate>().ok().map(|day| day.and_time(NaiveTime::MIN).and_utc());
    let at = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc());
    in_days.or_else(on_day).or_else(at).ok_or_else(|| {
        format!("--expires: {text:?} is no day (2027-12-31), moment (2027-12-31T18:00:00Z) or number of days (90d)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn create(role: Role, expires: Option<&str>) -> ApiKeyCommand {
        let expires = expires.map(Into::into);
        ApiKeyCommand::Create { name: " till ".into(), role, scopes: vec![], erps: vec!["odoo".into()], expires }
    }

    #[tokio::test]
    async fn keys_are_made_listed_and_revoked() {
        let (store, _folder) = Store::temporary().await.expect("a store");
        let of_file = BTreeSet::from([ErpId::from("odoo")]);
        let run = async |command: ApiKeyCommand| command.run(&store, &of_file, now).await;
        let made = run(create(Role::Service, Some("90d"))).await.expect("a key");
        let list = run(ApiKeyCommand::List).await.expect("a list").out;
        let list = list.expose_secret();
        assert!(
            list.contains("SERVICE  active   never             till (ERPs odoo; until 1970-04-01 00:00)"),
            "{list}"
        );
        assert!(!list.contains(made.out.expose_secret().trim()));
        let id = store.api_keys().await.expect("keys")[0].id.clone();
        assert!(made.note.expect("a note").contains(&id));
        run(ApiKeyCommand::Revoke { id: id.clone() }).await.expect("revoked");
        assert!(run(ApiKeyCommand::List).await.expect("a list").out.expose_secret().contains(" revoked "));
        let entries = store.audit_page(10, None, None).await.expect("entries").entries;
        let acts: Vec<_> = entries.iter().map(|e| (&*e.actor, &*e.action, e.subject.as_deref())).collect();
        assert_eq!(acts, [("operator", "apikey.revoke", Some(&*id)), ("operator", "apikey.create", Some(&*id))]);
        assert!(!format!("{entries:?}").contains("egw_"));
    }

    #[tokio::test]
    async fn what_cannot_be_is_named_by_its_option() {
        let (store, _folder) = Store::temporary().await.expect("a store");
        let wrong = async |command: ApiKeyCommand| match command.run(&store, &BTreeSet::new(), now).await {
            Ok(_) => panic!("not refused"),
            Err(message) => message,
        };
        assert!(wrong(create(Role::Admin, None)).await.starts_with("--erp: There is no ERP"));
        assert!(wrong(create(Role::Admin, Some("tomorrow"))).await.starts_with("--expires: \"tomorrow\""));
        let command = |name: &str, scope: &str, expires: &str| ApiKeyCommand::Create {
            name: name.into(),
            role: Role::Admin,
            scopes: vec![scope.into()],
            erps: vec![],
            expires: Some(expires.into()),
        };
        assert!(wrong(command("", "records:raw", "1d")).await.starts_with("--name: "));
        assert!(wrong(command("x", "records:write-everything", "1d")).await.starts_with("--scope: "));
        for past in ["0d", "1969-12-31", "1970-01-01T00:00:00Z"] {
            assert!(wrong(command("x", "records:raw", past)).await.starts_with("--expires: "), "{past}");
        }
        assert!(wrong(ApiKeyCommand::Revoke { id: "nope".into() }).await.contains("apikey list"));
        assert!(role("king").is_err());
    }
}
