//! What an operator is told whose settings are wrong, and what a probe finds of companies and rights.

use super::*;

async fn told(settings: &BTreeMap<String, String>, changes: &[(&str, &str)]) -> Option<Error> {
    let mut settings = settings.clone();
    for (key, value) in changes {
        settings.insert((*key).to_owned(), (*value).to_owned());
    }
    let error = adapter(&settings).probe(&ctx()).await.err();
    println!("  {changes:?}: {error:?}");
    if let Some(error) = &error {
        let secrets = ["api_key", "password"].iter().filter_map(|key| settings.get(*key));
        assert!(secrets.into_iter().all(|secret| !format!("{error:?}").contains(secret.as_str())), "{error:?}");
    }
    error
}

#[tokio::test]
async fn wrong_settings_are_told_apart() {
    for server in servers() {
        println!("{}", server.name);
        let kind = |error: Option<Error>| error.map(|error| error.kind);
        let secret = if server.settings.contains_key("api_key") { "api_key" } else { "password" };
        let wrong = [(secret, "0123456789abcdef0123456789abcdef01234567")];
        assert_eq!(kind(told(&server.settings, &wrong).await), Some(ErrorKind::Unauthorized), "{}", server.name);
        assert_eq!(kind(told(&server.settings, &[("database", "nosuchdb")]).await), Some(ErrorKind::Config));
        assert_eq!(kind(told(&server.settings, &[("company_id", "999")]).await), Some(ErrorKind::Config));
        assert_eq!(kind(told(&server.settings, &[("url", "http://127.0.0.1:9")]).await), Some(ErrorKind::Unavailable));
        let nowhere = [("url", "http://no-such-host.invalid")];
        assert_eq!(kind(told(&server.settings, &nowhere).await), Some(ErrorKind::Unavailable));
    }
}

#[tokio::test]
async fn a_probe_tells_companies_and_missing_rights() {
    for server in servers() {
        let info = adapter(&server.settings).probe(&ctx()).await.expect("a probe");
        println!("{}: {info:?}", server.name);
        assert!(!info.companies.is_empty() && info.base_currency.is_some());
        if let Some(limited) = server.limited() {
            let info = limited.probe(&ctx()).await.expect("a probe");
            println!("{} limited: {:?}", server.name, info.missing_rights);
            assert!(info.missing_rights.contains(&EntityType::Invoice));
        }
    }
}
