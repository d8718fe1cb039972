//! Log-in, log-out, and what goes wrong before a request is looked at.

use super::*;

#[tokio::test]
async fn a_log_in_opens_a_session_for_both_versions() {
    let mut client = Client::start().await;
    let reply = client.login("v1", &credentials(COMPANY_DB, USERNAME, PASSWORD)).await;
    let body = reply.json();
    let id = body["SessionId"].as_str().unwrap();
    assert!(reply.head.contains(&format!("set-cookie: b1session={id};httponly;\r\n")), "{}", reply.head);
    assert!(reply.head.contains("set-cookie: routeid=.node1; path=/b1s\r\n"));
    assert_eq!((body["Version"].as_str(), body["SessionTimeout"].as_u64()), (Some(VERSION), Some(30)));
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&body), keys(&golden_json("login_v1.json")));

    client.cookie = format!("Cookie: a=b; B1SESSION={id}\r\n");
    assert_eq!(client.get("v2/Orders?$top=1").await.status, 200);
    let out = client.request("POST", "/b1s/v1/Logout", "", "").await;
    assert_eq!((out.status, &*out.body), (204, ""));
    for (version, file) in [("v1", "error_401_session_v1.json"), ("v2", "error_401_session_v2.json")] {
        let refused = client.get(&format!("{version}/Orders")).await;
        assert_eq!((refused.status, refused.json()), (401, golden_json(file)));
    }
    assert_eq!(client.request("POST", "/b1s/v1/Logout", "", "").await.status, 401);
    client.cookie = "Cookie: B1SESSION=garbage\r\n".to_owned();
    assert_eq!(client.batch("v2", "", &["GET Orders"]).await.status, 401);
    assert_eq!(client.running.stats().operation("Login"), 2);
}

#[tokio::test]
async fn wrong_credentials_get_the_error_of_the_version() {
    let client = Client::start().await;
    for (version, file) in [("v1", "error_401_login_v1.json"), ("v2", "error_401_login_v2.json")] {
        for (user, password) in [(USERNAME, "wrong"), ("nobody", PASSWORD), (USERNAME, ""), ("' or '1'='1", "x")] {
            let refused = client.login(version, &credentials(COMPANY_DB, user, password)).await;
            assert_eq!((refused.status, refused.json()), (401, golden_json(file)));
            assert!(!refused.head.contains("set-cookie"));
        }
        let refused = client.login(version, &credentials("SBO_OTHER", USERNAME, PASSWORD)).await;
        assert_eq!(refused.error(), (401, "-306".to_owned(), "Fail to NONE-SSO login from SLD.".to_owned()));
        assert_eq!(client.login(version, "{").await.status, 400);
    }
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour_without_use() {
    let client = Client::start().await;
    let clock = client.running.simulator().clock();
    for _ in 0..3 {
        clock.advance(Duration::from_secs(29 * 60));
        assert_eq!(client.get("v2/Orders?$top=1").await.status, 200);
    }
    clock.advance(Duration::from_secs(31 * 60));
    assert_eq!(client.get("v2/Orders?$top=1").await.error().1, "301");
}

#[tokio::test]
async fn some_of_many_log_ins_at_once_fail() {
    let options = Options { login_time: Duration::from_millis(100), parallel_logins: 4, ..Options::default() };
    let client = Client::with(options).await;
    let body = credentials(COMPANY_DB, USERNAME, PASSWORD);
    let one = || client.login("v2", &body);
    let (a, b, c, d, e, f) = tokio::join!(one(), one(), one(), one(), one(), one());
    let (failed, fine): (Vec<_>, Vec<_>) = [a, b, c, d, e, f].into_iter().partition(|reply| reply.status != 200);
    assert_eq!((failed.len(), fine.len()), (2, 4));
    assert_eq!((failed[0].status, failed[0].json()), (500, golden_json("error_500_login_storm_v2.json")));
}

#[tokio::test]
async fn faults_look_as_if_they_were_its_own() {
    let client = Client::start().await;
    client.running.faults().set(FaultPlan::from(Fault::unavailable(2)).times(1));
    let refused = client.get("v2/Orders").await;
    assert_eq!(refused.status, 503);
    assert!(refused.body.starts_with("<!DOCTYPE HTML") && refused.head.contains("retry-after: 2"));
    client.running.faults().set(FaultPlan::from(Fault::status(500)).times(1));
    assert_eq!(client.get("v2/Orders").await.error().1, "-1");
    client.running.faults().set(FaultPlan::from(Fault::ExpireSessions).times(1));
    assert_eq!(client.get("v1/Orders").await.error().1, "301");
}
