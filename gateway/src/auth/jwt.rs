//! JSON Web Tokens (RFC 7519): whom a token of the company's identity provider makes somebody here.

use super::{
    Denied,
    jwks::{Jwks, Verdict},
    jws::{Algorithm, Jws, Key, Unreadable},
    keys,
};
use adapters::model::ErpId;
use chrono::{DateTime, TimeDelta, Utc};
use schema::{
    Error, ErrorCode,
    ports::{Principal, Role, SCOPES},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::{collections::BTreeSet, sync::Arc};

/// How tokens are checked, and what their claims mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JwtSettings {
    /// The secret of tokens signed with HS256; empty if none are.
    pub secret: SecretString,
    /// The file or the address of the JWK set of tokens signed with RS256 or ES256; empty if none are.
    pub jwks: String,
    /// Who issues them; empty if anybody whose keys are in the set.
    pub issuer: String,
    /// Whom they are for: one of these.
    pub audience: Vec<String>,
    /// The claim that holds the role.
    pub role_claim: String,
    /// The claim that holds the scopes.
    pub scope_claim: String,
    /// The claim that holds the ERPs that the principal is limited to.
    pub erps_claim: String,
    /// How far clocks may differ, in seconds.
    pub leeway_seconds: u32,
}

impl PartialEq for JwtSettings {
    fn eq(&self, other: &Self) -> bool {
        let all = |of: &Self| {
            let Self { secret, jwks, issuer, audience, role_claim, scope_claim, erps_claim, leeway_seconds } =
                of.clone();
            let claims = [role_claim, scope_claim, erps_claim];
            (secret.expose_secret().to_owned(), jwks, issuer, audience, claims, leeway_seconds)
        };
        all(self) == all(other)
    }
}

impl JwtSettings {
    /// Whether tokens are taken at all.
    pub fn enabled(&self) -> bool {
        !self.secret.expose_secret().is_empty() || !self.jwks.is_empty()
    }
}

/// The shortest secret, in bytes: as long as the hash (RFC 7518, section 3.2).
const SECRET: usize = 32;
/// The longest subject, in characters.
const SUBJECT: usize = 200;

/// Knows principals by their tokens.
pub(super) struct Tokens {
    secret: Option<Key>,
    keys: Option<Arc<Jwks>>,
    settings: JwtSettings,
}

impl Tokens {
    /// Ready to check tokens; none where none are taken.
    ///
    /// # Errors
    /// One sentence that names the setting.
    pub(super) async fn new(settings: &JwtSettings, clock: fn() -> DateTime<Utc>) -> Result<Option<Self>, String> {
        Self::with(settings, async |place| Ok(Arc::new(Jwks::new(place, clock).await?))).await
    }

    /// The same in place of those that are checked now: keys from the same place are kept, others are read at once.
    ///
    /// # Errors
    /// One sentence that names the setting, also where keys cannot be read from an address.
    pub(super) async fn instead_of(
        now: Option<&Self>,
        settings: &JwtSettings,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<Option<Self>, String> {
        let kept = now.filter(|now| now.settings.jwks == settings.jwks).and_then(|now| now.keys.as_ref());
        Self::with(settings, async |place| match kept {
            Some(keys) => Ok(Arc::clone(keys)),
            None => Ok(Arc::new(Jwks::new(place, clock).await?.filled().await?)),
        })
        .await
    }

    async fn with(
        settings: &JwtSettings,
        keys_of: impl AsyncFnOnce(&str) -> Result<Arc<Jwks>, String>,
    ) -> Result<Option<Self>, String> {
        if !settings.enabled() {
            return Ok(None);
        }
        if settings.audience.iter().all(String::is_empty) {
            return Err(
                "jwt.audience: name whom tokens have to be for, or tokens for anybody else would be good here too"
                    .into(),
            );
        }
        let secret = settings.secret.expose_secret().as_bytes();
        if !secret.is_empty() && secret.len() < SECRET {
            return Err(format!("jwt.secret: must have at least {SECRET} bytes, or it could be guessed from a token"));
        }
        let keys = match settings.jwks.as_str() {
            "" => None,
            place => Some(keys_of(place).await.map_err(|why| format!("jwt.jwks: {why}"))?),
        };
        let secret = (!secret.is_empty()).then(|| Key::of_secret(secret));
        Ok(Some(Self { secret, keys, settings: settings.clone() }))
    }

    /// Whom a token names. What it says is told only after its signature has proven good.
    pub(super) async fn authenticate(&self, token: &str, now: DateTime<Utc>) -> Result<Arc<Principal>, Denied> {
        let token = Jws::read(token).map_err(unreadable)?;
        let payload = match (token.algorithm, &self.secret, &self.keys) {
            (Algorithm::Hs256, Some(secret), _) => token.verified(secret),
            (Algorithm::Rs256 | Algorithm::Es256, _, Some(keys)) => match keys.check(&token).await {
                Verdict::Good(payload) => Some(payload),
                Verdict::Bad => None,
                Verdict::NoKeys => {
                    return Err(Denied::unavailable("The gateway cannot get the keys that tokens are checked with."));
                }
            },
            _ => return Err(unreadable(Unreadable::Algorithm)),
        };
        let bad = || Denied::unauthenticated("signature", "The token is not signed by a key that the gateway trusts.");
        let payload = payload.ok_or_else(bad)?;
        let claims: Map<String, Value> = serde_json::from_slice(payload).map_err(|_| unreadable(Unreadable::Form))?;
        self.check(&claims, now)?;
        self.principal(claims).map(Arc::new)
    }

    fn check(&self, claims: &Map<String, Value>, now: DateTime<Utc>) -> Result<(), Denied> {
        let leeway = TimeDelta::seconds(self.settings.leeway_seconds.into());
        let denied = Denied::unauthenticated;
        let end = moment(claims, "exp")?.ok_or_else(|| denied("claims", "The token has no end (`exp`)."))?;
        if now >= end + leeway {
            return Err(denied("expired", "The token has expired: get a new one."));
        }
        if moment(claims, "nbf")?.is_some_and(|start| now + leeway < start) {
            return Err(denied("early", "The token is not valid yet (`nbf`)."));
        }
        let issuer = &self.settings.issuer;
        if !issuer.is_empty() && claims.get("iss").and_then(Value::as_str) != Some(issuer) {
            return Err(denied("issuer", "The token comes from another issuer (`iss`) than the gateway trusts."));
        }
        let meant = |audience: &Value| {
            audience.as_str().is_some_and(|a| !a.is_empty() && self.settings.audience.iter().any(|is| is == a))
        };
        let here = match claims.get("aud") {
            Some(Value::Array(audiences)) => audiences.iter().any(meant),
            Some(audience) => meant(audience),
            None => false,
        };
        if here {
            Ok(())
        } else {
            Err(denied("audience", "The token is for another audience (`aud`) than this gateway."))
        }
    }

    fn principal(&self, claims: Map<String, Value>) -> Result<Principal, Denied> {
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        // The audit log has names of its own.
        let reserved = subject.starts_with(keys::SUBJECT) || ["gateway", "operator", "unknown"].contains(&subject);
        let long = subject.chars().count() > SUBJECT || subject.chars().any(char::is_control);
        if subject.is_empty() || reserved || long {
            return Err(Denied::unauthenticated("claims", "The token names nobody in its claim `sub`."));
        }
        let subject = subject.to_owned();
        let JwtSettings { role_claim, scope_claim, erps_claim, .. } = &self.settings;
        let claims = Value::Object(claims);
        Ok(Principal {
            role: role(claim(&claims, role_claim))
                .ok_or_else(|| rights(role_claim, "has to hold one of ADMIN, MANAGER, ANALYST, SERVICE"))?,
            scopes: scopes(claim(&claims, scope_claim)),
            erps: match claim(&claims, erps_claim) {
                None => None,
                Some(erps) => Some(list(erps).ok_or_else(|| rights(erps_claim, "has to hold a list of ids of ERPs"))?),
            },
            subject,
        })
    }
}

fn unreadable(why: Unreadable) -> Denied {
    match why {
        Unreadable::Form => Denied::unknown(),
        Unreadable::Unsigned => Denied::unauthenticated("algorithm", "The token is not signed (`alg` is none)."),
        Unreadable::Algorithm => {
            Denied::unauthenticated("algorithm", "The gateway takes no tokens that are signed with this `alg`.")
        }
        Unreadable::Critical => {
            Denied::unauthenticated("critical", "The token demands what the gateway does not understand (`crit`).")
        }
    }
}

/// A good token, of which nobody has said what it allows: for whoever sets up the identity provider or the gateway.
fn rights(claim: &str, what: &str) -> Denied {
    let message = format!("The token is good, but its claim `{claim}` {what}.");
    Denied { error: Error::new(ErrorCode::Forbidden, message), reason: "rights", key: None }
}

/// A claim by its name, or by a path to it that begins with a slash: `/realm_access/roles`.
fn claim<'c>(claims: &'c Value, name: &str) -> Option<&'c Value> {
    if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) }
}

/// A moment in seconds since 1970, with a fraction perhaps. One of another type is no reason to do without.
fn moment(claims: &Map<String, Value>, name: &str) -> Result<Option<DateTime<Utc>>, Denied> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let millis = value.as_f64().map(|seconds| seconds * 1000.0).filter(|millis| millis.abs() < 1e15);
    match millis.and_then(|millis| DateTime::from_timestamp_millis(millis as i64)) {
        Some(at) => Ok(Some(at)),
        None => Err(Denied::unauthenticated("claims", format!("The token's `{name}` is no moment."))),
    }
}

/// The role that a text names, or the highest one in a list that may hold others' roles too.
fn role(claim: Option<&Value>) -> Option<Role> {
    match claim? {
        Value::String(text) => Role::parse(text),
        // Roles are ordered from the one that may do everything.
        Value::Array(texts) => texts.iter().filter_map(|text| Role::parse(text.as_str()?)).min(),
        _ => None,
    }
}

/// The scopes among those of a claim, which holds others' too: words of a text, or a list.
fn scopes(claim: Option<&Value>) -> BTreeSet<String> {
    let words: Vec<&str> = match claim {
        Some(Value::String(text)) => text.split_whitespace().collect(),
        Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    words.into_iter().filter(|word| SCOPES.contains(word)).map(str::to_owned).collect()
}

fn list(claim: &Value) -> Option<BTreeSet<ErpId>> {
    claim.as_array()?.iter().map(|erp| erp.as_str().map(ErpId::from)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by another library: `testdata/make_tokens.py`.
    const TOKENS: &str = include_str!("testdata/tokens.json");

    fn clock() -> DateTime<Utc> {
        DateTime::from_timestamp(1_767_225_600, 0).expect("a moment")
    }

    struct Made {
        tokens: Value,
        settings: JwtSettings,
        _folder: tempfile::TempDir,
    }

    impl Made {
        fn new() -> Self {
            let made: Value = serde_json::from_str(TOKENS).expect("JSON");
            let folder = tempfile::tempdir().expect("a folder");
            let jwks = folder.path().join("jwks.json");
            std::fs::write(&jwks, made["jwks"].to_string()).expect("a file");
            let settings = JwtSettings {
                secret: made["secret"].as_str().expect("a text").into(),
                jwks: jwks.display().to_string(),
                issuer: "https://id.example".into(),
                audience: vec!["erp-gateway".into()],
                role_claim: "role".into(),
                scope_claim: "scope".into(),
                erps_claim: "erps".into(),
                leeway_seconds: 30,
            };
            Self { tokens: made["tokens"].clone(), settings, _folder: folder }
        }

        async fn ask(&self, settings: &JwtSettings, name: &str) -> Result<Arc<Principal>, Denied> {
            let tokens = Tokens::new(settings, clock).await.expect("good settings").expect("tokens are taken");
            tokens.authenticate(self.tokens[name].as_str().expect(name), clock()).await
        }
    }

    #[tokio::test]
    async fn tokens_of_another_library_are_good_or_refused_for_their_reason() {
        let made = Made::new();
        let mut seen = BTreeSet::new();
        for (name, reason) in [
            ("rs256", ""),
            ("rs256 without kid", ""),
            ("es256", ""),
            ("hs256", ""),
            ("within the leeway", ""),
            ("exp with a fraction", ""),
            ("several auds", ""),
            ("role in small letters", ""),
            ("roles", ""),
            ("rights", ""),
            ("scopes as a list", ""),
            ("rs256 by the kid of another", "signature"),
            ("rs256 of an unknown kid", "signature"),
            ("rs256 of 1024 bits", "signature"),
            ("rs512", "algorithm"),
            ("es256 of a stranger", "signature"),
            ("es256 by a key for encryption", "signature"),
            ("hs256 of another secret", "signature"),
            ("hs256 by the public key", "signature"),
            ("none", "algorithm"),
            ("None", "algorithm"),
            ("no alg", "unknown"),
            ("crit", "critical"),
            ("b64", "critical"),
            ("not an object", "unknown"),
            ("exp as text", "claims"),
            ("exp is huge", "claims"),
            ("nbf as text", "claims"),
            ("sub as number", "claims"),
            ("expired", "expired"),
            ("early", "early"),
            ("without exp", "claims"),
            ("without aud", "audience"),
            ("another aud", "audience"),
            ("other auds", "audience"),
            ("another iss", "issuer"),
            ("without iss", "issuer"),
            ("without sub", "claims"),
            ("reserved sub", "claims"),
            ("without role", "rights"),
            ("unknown role", "rights"),
            ("nested role", "rights"),
            ("erps as text", "rights"),
            ("erps as null", "rights"),
        ] {
            let said = made.ask(&made.settings, name).await;
            assert_eq!(said.as_ref().err().map_or("", |denied| denied.reason), reason, "{name}");
            if let Err(Denied { error, .. }) = said {
                let code = if reason == "rights" { ErrorCode::Forbidden } else { ErrorCode::Unauthenticated };
                assert_eq!(error.code, code, "{name}");
            }
            seen.insert(name.to_owned());
        }
        let all: BTreeSet<String> = made.tokens.as_object().expect("an object").keys().cloned().collect();
        assert_eq!(seen, all);
    }

    #[tokio::test]
    async fn claims_say_what_somebody_may() {
        let made = Made::new();
        let who = async |name| made.ask(&made.settings, name).await.expect("good");
        let ann = who("rs256").await;
        assert_eq!((ann.subject.as_str(), ann.role, &ann.erps), ("ann", Role::Analyst, &None));
        assert!(ann.scopes.is_empty());
        assert_eq!(who("role in small letters").await.role, Role::Manager);
        assert_eq!(who("roles").await.role, Role::Manager, "the highest of them");
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
        let rights = who("rights").await;
        assert_eq!(rights.scopes, words(&["audit:read", "records:raw"]));
        assert_eq!(rights.erps, Some(["odoo".into(), "sap-b1".into()].into()));
        let list = who("scopes as a list").await;
        assert_eq!((&list.scopes, &list.erps), (&words(&["erp:call"]), &Some(BTreeSet::new())), "no ERP is not all");
        let nested = JwtSettings { role_claim: "/realm_access/roles".into(), ..made.settings.clone() };
        assert_eq!(made.ask(&nested, "nested role").await.expect("good").role, Role::Service);
        let message = made.ask(&made.settings, "without role").await.expect_err("refused").error.message;
        assert!(message.contains("`role`") && message.contains("ANALYST"), "{message}");
    }

    #[tokio::test]
    async fn a_kind_of_token_that_is_not_set_up_is_not_taken() {
        let made = Made::new();
        let no_secret = JwtSettings { secret: "".into(), ..made.settings.clone() };
        let no_keys = JwtSettings { jwks: String::new(), ..made.settings.clone() };
        let reason =
            async |settings: &JwtSettings, name| made.ask(settings, name).await.err().map(|denied| denied.reason);
        assert_eq!(reason(&no_secret, "hs256").await, Some("algorithm"));
        // The public key as a secret: there is no secret to take it for.
        assert_eq!(reason(&no_secret, "hs256 by the public key").await, Some("algorithm"));
        assert_eq!(reason(&no_secret, "es256").await, None);
        assert_eq!(reason(&no_keys, "rs256").await, Some("algorithm"));
        assert_eq!(reason(&no_keys, "hs256").await, None);
    }

    #[tokio::test]
    async fn wrong_settings_are_named() {
        let made = Made::new();
        let wrong = async |settings: JwtSettings| match Tokens::new(&settings, clock).await {
            Ok(_) => panic!("not refused"),
            Err(message) => message,
        };
        let settings = || made.settings.clone();
        assert!(wrong(JwtSettings { audience: vec![], ..settings() }).await.starts_with("jwt.audience"));
        assert!(wrong(JwtSettings { audience: vec![String::new()], ..settings() }).await.starts_with("jwt.audience"));
        assert!(wrong(JwtSettings { secret: "x".repeat(31).into(), ..settings() }).await.starts_with("jwt.secret"));
        for jwks in
            ["/no/such/file", "http://id.example/keys", "http://169.254.169.254/", "https://169.254.169.254/keys"]
        {
            assert!(wrong(JwtSettings { jwks: jwks.into(), ..settings() }).await.starts_with("jwt.jwks"), "{jwks}");
        }
        let off = JwtSettings { jwks: String::new(), secret: "".into(), ..settings() };
        assert!(Tokens::new(&off, clock).await.expect("good").is_none());
        assert!(!format!("{:?}", made.settings).contains("known to everybody"));
    }
}
