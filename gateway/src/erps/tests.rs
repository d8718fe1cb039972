//! The registry in step with its store and its file, and who is told when an ERP stops working.

use super::*;
use crate::config::SettingValues;
use adapters::{
    ErrorKind,
    adapter::{
        Adapter, Capability, Children, ChildrenQuery, Count, Ctx, Info, ListQuery, Page, RawCall, ServerInfo as Said,
    },
    filter::Filter,
    http::HostState,
    model::{EntityType, FieldSet, Record, RemoteRef, SourceSet},
};
use async_trait::async_trait;
use schema::ports::{AuditView, ErpStatus, Erps as _, Principal, Role};
use sqlx::{Connection as _, SqliteConnection};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

pub(super) fn clock() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH
}

pub(super) fn everybody() -> Principal {
    Principal { subject: "test".into(), role: Role::Admin, scopes: Default::default(), erps: None }
}

pub(super) fn definition(id: &str, name: &str, url: &str) -> ErpDefinition {
    let settings = [("url", url), ("database", "prod"), ("login", "me"), ("api_key", "hunter2")];
    let settings = SettingValues::new(settings.map(|(key, value)| (key, value.to_owned())));
    ErpDefinition { id: id.into(), name: name.into(), system: "odoo".into(), settings }
}

const URL: &str = "http://127.0.0.1:9/";

pub(super) struct Gateway {
    pub(super) erps: Erps,
    pub(super) store: Store,
    pub(super) audit: Audit,
}

/// A gateway over a store that several may share.
pub(super) async fn gateway(store: &Store, definitions: &[ErpDefinition]) -> Result<Gateway, String> {
    let config = Config::defaults()?;
    let audit = Audit::new(store.clone(), clock);
    let services = crate::app::services(&config, None);
    let erps = Erps::open(&config, definitions, services, store.clone(), audit.clone(), clock).await?;
    Ok(Gateway { erps, store: store.clone(), audit })
}

impl Gateway {
    /// Id, name and status of each ERP.
    pub(super) fn shown(&self) -> Vec<(String, String, ErpStatus)> {
        let views = self.erps.registry.visible(&everybody());
        views.iter().map(|view| (view.id.to_string(), view.name.clone(), view.status)).collect()
    }

    pub(super) async fn row(&self, id: &str) -> ErpRow {
        self.store.erp(&id.into()).await.expect("read").expect("a row")
    }

    pub(super) fn generation(&self, id: &str) -> u64 {
        self.erps.registry.get(&id.into()).expect("connected").generation
    }
}

pub(super) async fn store() -> (Store, tempfile::TempDir) {
    let (store, folder) = Store::temporary().await.expect("a store");
    store.prepare().await.expect("its tables");
    (store, folder)
}

fn row(id: &str, url: &str) -> ErpRow {
    definition(id, id, url).row(clock()).expect("a row")
}

#[tokio::test]
async fn the_file_decides_over_its_erps() {
    let (store, _folder) = store().await;
    let pending = |id: &str, name: &str| (id.to_owned(), name.to_owned(), ErpStatus::Pending);
    let a = gateway(&store, &[definition("a", "A", URL), definition("b", "B", URL)]).await.expect("connected");
    assert_eq!(a.shown(), [pending("a", "A"), pending("b", "B")]);
    let view = a.erps.registry.get(&"a".into()).expect("connected").view(clock());
    assert!(view.of_file && !format!("{view:?}").contains("hunter2"), "{view:?}");
    let row = a.row("a").await;
    assert!(row.of_file && row.settings.is_empty() && row.secrets.is_empty(), "settings are in the file alone");

    // Other settings of one, another name of the other.
    let before = (a.generation("a"), a.generation("b"));
    let other = "http://127.0.0.1:10/";
    a.erps.keeper.reload_file(&[definition("a", "A", other), definition("b", "Bee", URL)]).await.expect("reloaded");
    assert_eq!(a.shown(), [pending("a", "A"), pending("b", "Bee")]);
    assert_ne!(a.generation("a"), before.0, "what was read with the old settings is not shown");
    assert_eq!(a.generation("b"), before.1, "a name changes nothing of that");

    // One is gone, and comes back.
    a.erps.keeper.reload_file(&[definition("b", "Bee", URL)]).await.expect("reloaded");
    assert_eq!(a.shown(), [pending("b", "Bee")]);
    assert!(a.row("a").await.disconnected_at.is_some());
    a.erps.keeper.reload_file(&[definition("a", "A", URL), definition("b", "Bee", URL)]).await.expect("reloaded");
    assert_eq!(a.shown(), [pending("a", "A"), pending("b", "Bee")]);

    // A file that cannot be used changes nothing.
    for (wrong, why) in [
        (vec![definition("a", "A", "ftp://x")], "erps.a: "),
        (vec![definition("A", "A", URL)], "erps.A: an id has"),
        (vec![definition("b", "B", URL), definition("b", "B", URL)], "erps.b: the id is used twice"),
    ] {
        let refusal = a.erps.keeper.reload_file(&wrong).await.expect_err("refused");
        assert!(refusal.starts_with(why) && !refusal.contains("hunter2"), "{refusal}");
        assert_eq!(a.shown(), [pending("a", "A"), pending("b", "Bee")]);
    }
}

#[tokio::test]
async fn the_file_takes_no_id_that_the_api_gave() {
    let (store, _folder) = store().await;
    let a = gateway(&store, &[]).await.expect("connected");
    a.erps.keeper.add(&row("mine", URL), None).await.expect("stored").expect("connected");
    let refusal = gateway(&store, &[definition("mine", "M", URL)]).await.err().expect("refused");
    assert!(refusal.starts_with("erps.mine: an ERP of this id was connected through the API"), "{refusal}");
    let gone = ErpRow { disconnected_at: Some(clock()), ..a.row("mine").await };
    assert!(a.erps.keeper.change(gone, None).await.expect("stored"));
    assert!(a.shown().is_empty());
    let refusal = gateway(&store, &[definition("mine", "M", URL)]).await.err().expect("refused");
    assert!(refusal.contains("connected and disconnected through the API"), "{refusal}");
}

/// Time that passes only where a test says so. A paused clock alone would skip ahead whenever the runtime is idle, also while it
/// waits for the store.
struct Time(#[expect(dead_code, reason = "ends the blocking task when it is dropped")] std::sync::mpsc::Sender<()>);

impl Time {
    fn stop() -> Self {
        tokio::time::pause();
        let (end, ended) = std::sync::mpsc::channel();
        // The runtime does not skip ahead while one is under way.
        tokio::task::spawn_blocking(move || ended.recv());
        Self(end)
    }

    async fn pass(&self, seconds: u64) {
        Self::settle().await;
        for _ in 0..seconds {
            tokio::time::advance(Duration::from_secs(1)).await;
            Self::settle().await;
        }
    }

    /// Lets what is due come to its end, the store's part of it as well.
    async fn settle() {
        for _ in 0..8 {
            tokio::task::yield_now().await;
            std::thread::sleep(Duration::from_micros(100));
        }
    }
}

#[tokio::test]
async fn other_gateways_of_a_store_take_over_what_changed() {
    let (store, _folder) = store().await;
    let (a, b) = (gateway(&store, &[]).await.expect("one"), gateway(&store, &[]).await.expect("another"));
    let time = Time::stop();
    let keeper = Arc::clone(&b.erps.keeper);
    let mut following = JoinSet::new();
    following.spawn(async move { keeper.follow().await });
    let until = async |what: &str, seen: &dyn Fn() -> bool| {
        for _ in 0..100 {
            if seen() {
                return;
            }
            time.pass(1).await;
        }
        panic!("not taken over: {what}");
    };
    a.erps.keeper.add(&row("new", URL), None).await.expect("stored").expect("connected");
    until("a connection", &|| b.shown().iter().any(|(id, ..)| id == "new")).await;
    let generation = b.generation("new");
    assert!(a.erps.keeper.change(ErpRow { paused: true, ..a.row("new").await }, None).await.expect("stored"));
    until("a pause", &|| b.shown()[0].2 == ErpStatus::Paused).await;
    assert_eq!(b.generation("new"), generation);
    let other = row("new", "http://127.0.0.1:10/").settings;
    assert!(a.erps.keeper.change(ErpRow { settings: other, ..a.row("new").await }, None).await.expect("stored"));
    until("other settings", &|| b.generation("new") != generation).await;
    let old = a.row("new").await;
    assert!(a.erps.keeper.change(ErpRow { name: "N".into(), ..old.clone() }, None).await.expect("stored"));
    assert!(!a.erps.keeper.change(old, None).await.expect("stored"), "the second of two changes is refused");
    let gone = ErpRow { disconnected_at: Some(clock()), ..a.row("new").await };
    assert!(a.erps.keeper.change(gone, None).await.expect("stored"));
    until("a disconnection", &|| b.shown().is_empty()).await;
}

/// An ERP that fares as it is told to.
struct Patient {
    info: Info,
    fares: Mutex<Result<Said, ErrorKind>>,
    /// How long it takes to say so.
    takes: Mutex<Duration>,
    probes: Mutex<Vec<Instant>>,
    panics: AtomicU32,
}

impl Patient {
    fn new(id: &str) -> Arc<Self> {
        Arc::new(Self {
            info: Info { erp: id.into(), system: "odoo" },
            fares: Mutex::new(Ok(Said::default())),
            takes: Mutex::default(),
            probes: Mutex::default(),
            panics: AtomicU32::new(0),
        })
    }

    fn fares(&self, how: Result<Said, ErrorKind>) {
        *self.fares.lock().unwrap() = how;
    }

    /// Whether these are the seconds between the probes; the store may take a few to note one.
    fn waited(&self, expected: &[u64]) {
        let probes = self.probes.lock().unwrap();
        let waits: Vec<_> = probes.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
        let like = waits.iter().zip(expected).all(|(wait, expected)| (*expected..expected + 5).contains(wait));
        assert!(like && waits.len() == expected.len(), "{waits:?} is not {expected:?}");
    }
}

fn never<T>() -> adapters::Result<T> {
    Err(Error::unsupported("It only says how it is."))
}

#[async_trait]
impl Adapter for Patient {
    fn info(&self) -> &Info {
        &self.info
    }
    fn host(&self) -> Option<Arc<HostState>> {
        None
    }
    fn capability(&self, entity: EntityType) -> Capability {
        Capability::none(entity)
    }
    fn sets(&self, _: EntityType) -> Vec<SourceSet> {
        Vec::new()
    }
    async fn probe(&self, _: &Ctx) -> adapters::Result<Said> {
        self.probes.lock().unwrap().push(Instant::now());
        assert!(self.panics.load(Ordering::Relaxed) == 0, "a fault of the adapter");
        let takes = *self.takes.lock().unwrap();
        tokio::time::sleep(takes).await;
        self.fares.lock().unwrap().clone().map_err(|kind| Error::new(kind, "It is ill.").with_detail("s3cret"))
    }
    async fn list(&self, _: &Ctx, _: EntityType, _: &ListQuery) -> adapters::Result<Page> {
        never()
    }
    async fn count(&self, _: &Ctx, _: EntityType, _: &Filter) -> adapters::Result<Count> {
        never()
    }
    async fn get_many(
        &self,
        _: &Ctx,
        _: EntityType,
        _: &[RemoteRef],
        _: FieldSet,
    ) -> adapters::Result<Vec<Option<Arc<Record>>>> {
        never()
    }
    async fn list_children(&self, _: &Ctx, _: EntityType, _: &ChildrenQuery) -> adapters::Result<Children> {
        never()
    }
    async fn call(&self, _: &Ctx, _: &RawCall) -> adapters::Result<serde_json::Value> {
        never()
    }
}

/// A gateway that watches over patients only.
async fn ward(store: &Store, patients: &[&Arc<Patient>]) -> Gateway {
    let mut gateway = gateway(store, &[]).await.expect("a gateway");
    for patient in patients {
        let mut row = row(patient.info.erp.as_str(), URL);
        (row.settings, row.secrets) = Default::default();
        store.add_erp(&row).await.expect("stored");
    }
    let adapters = patients.iter().map(|patient| Arc::clone(*patient) as Arc<dyn Adapter>);
    let registry = Arc::new(ErpRegistry::of_adapters(adapters, clock));
    gateway.erps.registry = Arc::clone(&registry);
    gateway.erps.health = Arc::new(Health {
        registry,
        store: store.clone(),
        audit: gateway.audit.clone(),
        alerts: Arc::clone(&gateway.erps.alerts),
        every: schedule::Every::seconds(300),
        random: || 0.5,
    });
    gateway
}

/// The changes of status that the audit log tells, once there are so many.
async fn changes(store: &Store, wanted: usize) -> Vec<String> {
    let mut told = Vec::new();
    for _ in 0..200 {
        let page = store.audit_page(100, None, None).await.expect("the log");
        let of_status = page.entries.iter().rev().filter(|e| e.action == "erp.status" && e.actor == "gateway");
        let line = |e: &AuditView| {
            let (from, to) = (e.detail["from"].as_str(), e.detail["to"].as_str());
            format!(
                "{} {} {}",
                e.subject.as_deref().unwrap_or_default(),
                from.unwrap_or_default(),
                to.unwrap_or_default()
            )
        };
        told = of_status.map(line).collect();
        if told.len() >= wanted {
            break;
        }
        Time::settle().await;
    }
    told
}

fn status(gateway: &Gateway, id: &str) -> ErpStatus {
    gateway.erps.registry.get(&id.into()).expect("an ERP").view(clock()).status
}

#[tokio::test]
async fn every_erp_is_asked_on_its_schedule_and_a_change_is_told_once() {
    let (store, _folder) = store().await;
    let (well, ill) = (Patient::new("well"), Patient::new("ill"));
    ill.fares(Err(ErrorKind::Unauthorized));
    let gateway = ward(&store, &[&well, &ill]).await;
    let time = Time::stop();
    let _tended = gateway.erps.tend();
    time.pass(1000).await;
    well.waited(&[300, 300, 300]);
    ill.waited(&[15, 30, 60, 120, 240, 300]);
    let mut told = changes(&store, 2).await;
    told.sort();
    assert_eq!(told, ["ill PENDING NEEDS_AUTH", "well PENDING ACTIVE"]);
    assert_eq!((status(&gateway, "well"), status(&gateway, "ill")), (ErpStatus::Active, ErpStatus::NeedsAuth));
}

#[tokio::test]
async fn another_schedule_begins_with_a_round_of_its_own() {
    let (store, _folder) = store().await;
    let erp = Patient::new("a");
    let gateway = ward(&store, &[&erp]).await;
    let time = Time::stop();
    let _tended = gateway.erps.tend();
    time.pass(100).await;
    gateway.erps.health.ask_every(40);
    time.pass(100).await;
    gateway.erps.health.ask_every(200);
    time.pass(300).await;
    erp.waited(&[140, 40, 40, 200]);
}

#[tokio::test]
async fn what_shows_while_it_is_read_has_it_asked_at_once() {
    let (store, _folder) = store().await;
    let erp = Patient::new("a");
    let gateway = ward(&store, &[&erp]).await;
    let time = Time::stop();
    let _tended = gateway.erps.tend();
    time.pass(100).await;
    erp.fares(Err(ErrorKind::Unauthorized));
    let connected = gateway.erps.registry.get(&"a".into()).expect("an ERP");
    (0..10).for_each(|_| connected.suspect());
    time.pass(1).await;
    assert_eq!(status(&gateway, "a"), ErpStatus::NeedsAuth);
    erp.waited(&[100]);
    assert_eq!(changes(&store, 2).await, ["a PENDING ACTIVE", "a ACTIVE NEEDS_AUTH"]);
}

#[tokio::test]
async fn each_way_to_be_ill_has_its_status() {
    let (store, _folder) = store().await;
    let erp = Patient::new("a");
    let gateway = ward(&store, &[&erp]).await;
    let connected = gateway.erps.registry.get(&"a".into()).expect("an ERP");
    let time = Time::stop();
    let lacks = Said { missing_rights: vec![EntityType::Invoice], ..Said::default() };
    for (fares, takes, expected, words) in [
        (Ok(Said::default()), 0, ErpStatus::Active, None),
        (Ok(lacks), 0, ErpStatus::Degraded, Some("The ERP's user may not read invoices.")),
        (Ok(Said::default()), 11_500, ErpStatus::Degraded, Some("It took 12 s to say that it works.")),
        (
            Ok(Said::default()),
            60_000,
            ErpStatus::Unreachable,
            Some("The ERP did not say within 20 s whether it works."),
        ),
        (Err(ErrorKind::Unauthorized), 0, ErpStatus::NeedsAuth, Some("It is ill.")),
        (Err(ErrorKind::Timeout), 0, ErpStatus::Unreachable, Some("It is ill.")),
        (Err(ErrorKind::BadResponse), 0, ErpStatus::Unreachable, Some("It is ill.")),
        (Err(ErrorKind::RateLimited), 0, ErpStatus::Degraded, Some("It is ill.")),
    ] {
        erp.fares(fares);
        *erp.takes.lock().unwrap() = Duration::from_millis(takes);
        tokio::join!(gateway.erps.health.check(&connected), time.pass(21));
        let view = connected.view(clock());
        assert_eq!((view.status, view.status_message.as_deref()), (expected, words));
        let health = &store.health().await.expect("read")[&"a".into()];
        assert_eq!((&*health.status, health.found.to_string().contains("s3cret")), (views::word(expected), false));
    }
}

#[tokio::test]
async fn a_paused_erp_is_not_asked_and_a_fault_of_an_adapter_stops_nothing() {
    let (store, _folder) = store().await;
    let (paused, faulty) = (Patient::new("paused"), Patient::new("faulty"));
    let gateway = ward(&store, &[&paused, &faulty]).await;
    gateway.erps.registry.put_adapter(Arc::clone(&paused) as _, true);
    gateway.erps.registry.get(&"paused".into()).expect("an ERP").suspect();
    faulty.panics.store(1, Ordering::Relaxed);
    let time = Time::stop();
    let _tended = gateway.erps.tend();
    time.pass(10).await;
    faulty.panics.store(0, Ordering::Relaxed);
    time.pass(300).await;
    assert_eq!(paused.probes.lock().unwrap().len(), 0);
    faulty.waited(&[300]);
    assert_eq!((status(&gateway, "paused"), status(&gateway, "faulty")), (ErpStatus::Paused, ErpStatus::Active));
}

#[tokio::test]
async fn what_is_known_of_an_erp_outlives_a_restart() {
    let (store, _folder) = store().await;
    let a = gateway(&store, &[]).await.expect("a gateway");
    let erp = a.erps.keeper.add(&row("a", URL), None).await.expect("stored").expect("connected");
    let said = Said {
        version: Some("17.0".into()),
        company: Some("My Company".into()),
        base_currency: Some("EUR".parse().expect("a code")),
        time_zone: Some("Europe/Berlin".into()),
        missing_rights: vec![EntityType::Invoice],
        companies: vec![adapters::adapter::Company { id: "1".into(), name: "My Company".into() }],
    };
    let mut capabilities = erp.probed().capabilities.to_vec();
    let own = capabilities.iter_mut().find(|own| own.reads.entity == EntityType::Invoice).expect("a capability");
    own.reads.fields.retain(|field| *field != "number");
    own.reads.filter.retain(|field| *field != "number");
    own.reads.order_by.retain(|field| *field != "number");
    let none = capabilities.iter_mut().find(|own| own.reads.entity == EntityType::SalesOrder).expect("a capability");
    none.reads = Capability::none(EntityType::SalesOrder);
    let probed =
        health::Probed { outcome: Ok(said), latency: Duration::from_millis(70), capabilities: capabilities.into() };
    a.erps.health.note(&erp, &probed).await;
    let b = gateway(&store, &[]).await.expect("another gateway");
    let (before, after) = (erp.view(clock()), b.erps.registry.get(&"a".into()).expect("an ERP").view(clock()));
    assert_eq!(before, after);
    assert_eq!(after.status, ErpStatus::Degraded);
}

#[tokio::test]
async fn settings_that_do_not_fit_any_more_stop_nothing() {
    let (store, folder) = store().await;
    let mut broken = row("broken", URL);
    broken.settings.insert("of_an_older_version".into(), "x".into());
    store.add_erp(&broken).await.expect("stored");
    store.add_erp(&ErpRow { system: "unheard_of".into(), ..row("unheard-of", URL) }).await.expect("stored");
    store.add_erp(&row("tampered", URL)).await.expect("stored");
    let file = format!("sqlite:{}", folder.path().join("gateway.db").display());
    let mut beside = SqliteConnection::connect(&file).await.expect("the file");
    let tamper =
        "UPDATE erps SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) || x'00' AS BLOB) WHERE id = 'tampered'";
    sqlx::query(tamper).execute(&mut beside).await.expect("tampered with");
    let gateway = gateway(&store, &[]).await.expect("a gateway");
    let tampered = gateway.erps.registry.get(&"tampered".into()).expect("it can be found and repaired");
    gateway.erps.health.check(&tampered).await;
    // What else is changed of it leaves what is sealed as it is: whoever repairs it may still want them.
    let sealed = async |beside: &mut SqliteConnection| {
        let sealed = sqlx::query_scalar::<_, Vec<u8>>("SELECT sealed FROM erps WHERE id = 'tampered'");
        sealed.fetch_one(beside).await.expect("what is sealed")
    };
    let before = sealed(&mut beside).await;
    let paused = ErpRow { paused: true, ..store.erp(&"tampered".into()).await.expect("read").expect("a row") };
    assert_eq!(store.change_erp(&paused).await.expect("changed"), Some(2));
    assert_eq!(sealed(&mut beside).await, before);
    let message = tampered.view(clock()).status_message.clone();
    assert!(message.as_ref().is_some_and(|why| why.contains("Enter all of them again")), "{message:?}");
    let erp = gateway.erps.registry.get(&"broken".into()).expect("it can be found and repaired");
    gateway.erps.health.check(&erp).await;
    let view = erp.view(clock());
    assert_eq!(view.status, ErpStatus::Unreachable);
    assert!(view.status_message.as_ref().is_some_and(|why| why.contains("of_an_older_version")), "{view:?}");
    assert!(gateway.erps.registry.get(&"unheard-of".into()).is_none());
}
