//! A jar for the few cookies of a session: what an ERP sets, it gets back.

use super::{Request, Response};
use crate::error::{Error, ErrorKind, Result};
use http::{
    HeaderValue,
    header::{COOKIE, SET_COOKIE},
};
use std::{collections::BTreeMap, fmt};

/// The cookies of one session with one host. Path, domain and lifetime are ignored: the stack speaks to one host only, and
/// the ERP says by a 401 when a session is over.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cookies(BTreeMap<String, String>);

impl Cookies {
    /// Takes the cookies that an answer sets, and drops those that it clears.
    pub fn take(&mut self, response: &Response) {
        for header in response.headers.get_all(SET_COOKIE) {
            let Some((name, value)) = header.to_str().ok().and_then(pair) else { continue };
            if value.is_empty() {
                self.0.remove(name);
            } else {
                self.0.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// A cookie's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether there is no cookie.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts the cookies on a request.
    pub fn put(&self, request: &mut Request) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut header = HeaderValue::from_str(&pairs.join("; "))
            .map_err(|_| Error::new(ErrorKind::BadResponse, "the ERP set a cookie that no HTTP header can carry"))?;
        header.set_sensitive(true);
        request.headers.insert(COOKIE, header);
        Ok(())
    }
}

/// Name and value of a `Set-Cookie`.
fn pair(header: &str) -> Option<(&str, &str)> {
    let (name, value) = header.split(';').next()?.split_once('=')?;
    Some((name.trim(), value.trim())).filter(|(name, _)| !name.is_empty())
}

impl fmt::Debug for Cookies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
