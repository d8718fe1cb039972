//! Who may sign in.

use serde_json::{Value, json};

use super::{ADMIN, LIMITED, Options, books::ids};

/// Somebody with a login.
#[derive(Clone, Debug)]
pub(super) struct User {
    pub(super) id: i64,
    pub(super) login: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) partner: i64,
    pub(super) companies: Vec<i64>,
    pub(super) active: bool,
    pub(super) admin: bool,
    /// Whether it belongs to the groups that may read accounting, sales, purchases and stock.
    pub(super) accounting: bool,
    password: Option<String>,
    api_key: Option<String>,
}

impl User {
    fn new(id: i64, login: &str, name: &str, partner: i64) -> Self {
        Self {
            id,
            login: login.to_owned(),
            name: name.to_owned(),
            email: format!("{}@nordlicht.example", name.to_lowercase().replace(' ', ".")),
            partner,
            companies: vec![ids::COMPANY],
            active: true,
            admin: false,
            accounting: true,
            password: None,
            api_key: None,
        }
    }

    /// What calls run with unless they say otherwise.
    pub(super) fn context(&self) -> Value {
        json!({ "lang": "en_US", "tz": "Europe/Berlin", "uid": self.id })
    }

    /// Whether this is the password. A key is none.
    pub(super) fn has_password(&self, password: &str) -> bool {
        self.active && self.password.as_deref() == Some(password)
    }

    /// Whether this is the key.
    pub(super) fn has_key(&self, key: &str) -> bool {
        self.active && self.api_key.as_deref() == Some(key)
    }
}

/// All of them, the one that programs use first.
pub(super) fn all(options: &Options) -> Vec<User> {
    vec![
        User {
            password: Some(options.password.clone()),
            api_key: Some(options.api_key.clone()),
            ..User::new(6, &options.login, "Gateway Bot", 7)
        },
        User {
            admin: true,
            companies: vec![ids::COMPANY, ids::SECOND_COMPANY],
            password: Some(ADMIN.to_owned()),
            ..User::new(2, ADMIN, "Administrator", 3)
        },
        User { active: false, ..User::new(1, "__system__", "OdooBot", 2) },
        User::new(ids::SALESPERSON, "jonas", "Jonas Behrens", 4),
        User { accounting: false, password: Some(LIMITED.to_owned()), ..User::new(7, LIMITED, "Limited User", 6) },
    ]
}
