//! What people enter: names, and settings for a system's form.

use super::ID_CHARS;
use adapters::{
    catalog::System,
    oauth::{OAuthDef, REFRESH_TOKEN},
    settings::{SettingDef, check},
};
use schema::ports::{Refused, SettingInput, UserError};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use url::{Origin, Url};

/// The longest name of an ERP.
const NAME_CHARS: usize = 100;

/// A name as it is stored.
pub(super) fn name(entered: &str) -> Result<String, Refused> {
    let name = entered.trim();
    if name.is_empty() || name.chars().count() > NAME_CHARS || name.chars().any(char::is_control) {
        let message = format!("A name has 1 to {NAME_CHARS} characters, in one line.");
        return Err(UserError::bad_input(["name"], message).into());
    }
    Ok(name.to_owned())
}

/// The ids that an ERP of this name may get, the best one first.
pub(super) fn ids(name: &str, system: &System) -> impl Iterator<Item = String> {
    let slug = match slug(name) {
        slug if slug.is_empty() => slug_of(system.key.chars()),
        slug => slug,
    };
    (1..).map(move |number: u32| match number {
        1 => slug.clone(),
        _ => {
            let end = format!("-{number}");
            let beginning: String = slug.chars().take(ID_CHARS - end.len()).collect();
            format!("{}{end}", beginning.trim_end_matches('-'))
        }
    })
}

fn slug(name: &str) -> String {
    slug_of(name.chars().flat_map(|c| plain(c).chars().chain(plain(c).is_empty().then_some(c)).collect::<Vec<_>>()))
}

fn slug_of(chars: impl Iterator<Item = char>) -> String {
    let mut slug = String::new();
    for c in chars.map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(ID_CHARS);
    slug.trim_end_matches('-').to_owned()
}

/// How western European letters are written in ASCII; empty for all others.
fn plain(letter: char) -> &'static str {
    match letter {
        'ä' | 'Ä' | 'æ' | 'Æ' => "ae",
        'ö' | 'Ö' | 'œ' | 'Œ' => "oe",
        'ü' | 'Ü' => "ue",
        'ß' => "ss",
        'à'..='ã' | 'å' | 'À'..='Ã' | 'Å' => "a",
        'è'..='ë' | 'È'..='Ë' => "e",
        'ì'..='ï' | 'Ì'..='Ï' => "i",
        'ò'..='õ' | 'ø' | 'Ò'..='Õ' | 'Ø' => "o",
        'ù'..='û' | 'Ù'..='Û' => "u",
        'ç' | 'Ç' => "c",
        'ñ' | 'Ñ' => "n",
        _ => "",
    }
}

/// The settings of an ERP as they are stored: by the form, secrets apart.
#[derive(Clone, Default)]
pub(super) struct Filled {
    pub(super) plain: BTreeMap<String, String>,
    pub(super) secrets: BTreeMap<String, SecretString>,
}

impl Filled {
    /// Sorts values by a form; empty ones count as not given.
    pub(super) fn sort(form: &[SettingDef], values: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut filled = Self::default();
        for (key, value) in values.into_iter().filter(|(_, value)| !value.trim().is_empty()) {
            if form.iter().any(|def| def.key == key && def.secret) {
                filled.secrets.insert(key, value.into());
            } else {
                filled.plain.insert(key, value.trim().to_owned());
            }
        }
        filled
    }

    /// All of them, for an adapter.
    pub(super) fn exposed(&self) -> Vec<(String, String)> {
        let plain = self.plain.iter().map(|(key, value)| (key.clone(), value.clone()));
        let secret = self.secrets.iter().map(|(key, value)| (key.clone(), value.expose_secret().to_owned()));
        plain.chain(secret).collect()
    }

    /// Whether somebody has to consent before an ERP with these settings can be read, if `consented` tells whether somebody
    /// has done so: until then there is nothing to be tested.
    pub(super) fn lack_consent(&self, system: &System, consented: bool) -> bool {
        let chosen = |oauth: &OAuthDef| oauth.callback.iter().all(|(_, key)| self.plain.contains_key(*key));
        let let_in = |oauth: &OAuthDef| self.has_refresh_token() || (consented && chosen(oauth));
        system.oauth.is_some_and(|oauth| !let_in(oauth))
    }

    /// Whether the operator brought a refresh token, so that nobody has to consent.
    pub(super) fn has_refresh_token(&self) -> bool {
        self.secrets.contains_key(REFRESH_TOKEN)
    }

    /// These settings with what was entered over them: null clears a value, what is not named stays.
    ///
    /// # Errors
    /// Everything that is wrong with them, by key.
    pub(super) fn with(&self, system: &System, input: &SettingInput) -> Result<Self, Refused> {
        let mut values: BTreeMap<String, String> = self.exposed().into_iter().collect();
        for (key, value) in &input.0 {
            match value {
                Some(value) => values.insert(key.clone(), value.expose_secret().to_owned()),
                None => values.remove(key),
            };
        }
        let problems = check(system.settings, values.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        let wrong = |problem: adapters::settings::SettingProblem| {
            UserError::bad_input(["settings", problem.key.as_str()], problem.message)
        };
        let mut errors: Vec<_> = problems.into_iter().map(wrong).collect();
        let filled = Self::sort(system.settings, values);
        if self.leads_elsewhere(&filled) {
            errors.extend(self.kept(system, input).map(|def| {
                let message = format!(
                    "The address has changed, and a stored secret is not sent to another host: enter {} ({}) again.",
                    def.key, def.label
                );
                UserError::bad_input(["settings", def.key], message)
            }));
        }
        if errors.is_empty() { Ok(filled) } else { Err(Refused::Input(errors)) }
    }

    /// Whether other settings name another host: who may change an address should not get at a secret by that.
    fn leads_elsewhere(&self, new: &Self) -> bool {
        let keys = self.plain.keys().chain(new.plain.keys());
        keys.into_iter().any(|key| origin(self.plain.get(key)) != origin(new.plain.get(key)))
    }

    /// The secrets that stay as they were stored.
    fn kept<'a>(&'a self, system: &'a System, input: &'a SettingInput) -> impl Iterator<Item = &'a SettingDef> {
        let kept = |def: &&SettingDef| self.secrets.contains_key(def.key) && !input.0.contains_key(def.key);
        system.settings.iter().filter(kept)
    }
}

/// The scheme, host and port of a setting that is an address.
fn origin(value: Option<&String>) -> Option<Origin> {
    let url = Url::parse(value?).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.origin())
}

/// Whether one of the secrets was entered.
pub(super) fn enters_secret(system: &System, input: &SettingInput) -> bool {
    system.settings.iter().any(|def| def.secret && input.0.contains_key(def.key))
}

/// The names of the settings that were entered, for the audit log: those that the form knows, because another one may be
/// anything.
pub(super) fn entered(system: Option<&System>, input: &SettingInput) -> Vec<&'static str> {
    let form = system.map_or(&[][..], |system| system.settings);
    form.iter().map(|def| def.key).filter(|key| input.0.contains_key(*key)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters::catalog;

    fn input(values: &[(&str, Option<&str>)]) -> SettingInput {
        SettingInput(values.iter().map(|(key, value)| ((*key).to_owned(), value.map(Into::into))).collect())
    }

    fn odoo() -> &'static System {
        catalog::find("odoo").expect("a system")
    }

    fn stored() -> Filled {
        let values = [("url", "https://odoo.example/"), ("database", "prod"), ("login", "me"), ("api_key", "hunter2")];
        Filled::sort(odoo().settings, values.map(|(key, value)| (key.to_owned(), value.to_owned())))
    }

    fn refused(outcome: Result<Filled, Refused>) -> Vec<(String, String)> {
        match outcome {
            Err(Refused::Input(errors)) => errors.into_iter().map(|e| (e.field.join("."), e.message)).collect(),
            Err(Refused::Error(error)) => panic!("{error}"),
            Ok(_) => panic!("not refused"),
        }
    }

    #[test]
    fn an_id_is_made_of_the_name() {
        let first = |name: &str| ids(name, odoo()).next().expect("an id");
        assert_eq!(first("Odoo Europe"), "odoo-europe");
        assert_eq!(first("  Müller & Söhne GmbH (2) "), "mueller-soehne-gmbh-2");
        assert_eq!(first("日本"), "odoo");
        assert_eq!(first(&"x".repeat(99)), "x".repeat(40));
        let more: Vec<_> = ids(&"abc-".repeat(20), odoo()).skip(1).take(9).collect();
        assert_eq!(
            (&*more[0], &*more[8]),
            ("abc-abc-abc-abc-abc-abc-abc-abc-abc-ab-2", "abc-abc-abc-abc-abc-abc-abc-abc-abc-a-10")
        );
        for wrong in ["", "  ", "a\nb", &"x".repeat(101)] {
            assert!(name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_not_named_stays_and_null_clears() {
        let filled = stored().with(odoo(), &input(&[("database", Some(" test "))])).expect("good");
        assert_eq!((&*filled.plain["database"], filled.secrets["api_key"].expose_secret()), ("test", "hunter2"));
        let errors = refused(stored().with(odoo(), &input(&[("url", None), ("nope", Some("s3cret"))])));
        let fields: Vec<_> = errors.iter().map(|(field, _)| field.as_str()).collect();
        assert!(fields.contains(&"settings.url") && fields.contains(&"settings.nope"), "{errors:?}");
        assert!(!format!("{errors:?}").contains("s3cret"), "{errors:?}");
    }

    #[test]
    fn a_stored_secret_is_not_sent_to_another_host() {
        for url in ["https://evil.example/", "http://odoo.example/", "https://odoo.example:8443/"] {
            let errors = refused(stored().with(odoo(), &input(&[("url", Some(url))])));
            assert_eq!(errors[0].0, "settings.api_key", "{url}");
            stored().with(odoo(), &input(&[("url", Some(url)), ("api_key", Some("new"))])).expect("entered again");
        }
        stored().with(odoo(), &input(&[("url", Some("https://odoo.example"))])).expect("the same host");
    }
}
