//! JSON Web Signatures (RFC 7515) in their compact form, and the keys that they are checked with (RFC 7517).
//!
//! Checked by ring, by a key that says itself which algorithm it is for: what a token claims of its algorithm only has to agree.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    signature::{ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey},
};
use serde::Deserialize;

/// No longer token is read.
const LONGEST: usize = 16 << 10;

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Hs256,
    Rs256,
    Es256,
}

/// A token as it was sent: nothing of it is proven yet.
pub(super) struct Jws<'t> {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<String>,
    signed: &'t str,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// What a token is not read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It has not the form of a token.
    Form,
    /// It is not signed.
    Unsigned,
    /// It is signed in a way that is not taken.
    Algorithm,
    /// It demands something that is not understood.
    Critical,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<serde_json::Value>,
}

impl<'t> Jws<'t> {
    pub(super) fn read(token: &'t str) -> Result<Self, Unreadable> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Unreadable::Form)?;
        let (header, payload) = signed.split_once('.').ok_or(Unreadable::Form)?;
        if token.len() > LONGEST {
            return Err(Unreadable::Form);
        }
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Unreadable::Form);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| Unreadable::Form)?;
        let algorithm = match header.alg.as_str() {
            "HS256" => Algorithm::Hs256,
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            none if none.eq_ignore_ascii_case("none") => return Err(Unreadable::Unsigned),
            _ => return Err(Unreadable::Algorithm),
        };
        // RFC 7515, section 4.1.11: what is critical and not understood makes the whole invalid, and here nothing is understood.
        if header.crit.is_some() {
            return Err(Unreadable::Critical);
        }
        let (payload, signature) = (decode(payload)?, decode(signature)?);
        Ok(Self { algorithm, key_id: header.kid, signed, payload, signature })
    }

    /// What it says, if this key signed it.
    pub(super) fn verified(&self, key: &Key) -> Option<&[u8]> {
        let (signed, signature) = (self.signed.as_bytes(), &self.signature[..]);
        let good = match (self.algorithm, key) {
            (Algorithm::Hs256, Key::Secret(key)) => hmac::verify(key, signed, signature).is_ok(),
            (Algorithm::Rs256, Key::Rsa { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, signed, signature).is_ok()
            }
            (Algorithm::Es256, Key::P256(point)) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(signed, signature).is_ok()
            }
            _ => false,
        };
        good.then_some(&self.payload)
    }
}

/// A key, each kind for one algorithm.
pub(super) enum Key {
    Secret(hmac::Key),
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
}

impl Key {
    pub(super) fn of_secret(secret: &[u8]) -> Self {
        Self::Secret(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::Hs256,
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
        }
    }
}

/// A public key of a set.
pub(super) struct PublicKey {
    pub(super) id: Option<String>,
    pub(super) key: Key,
}

#[derive(Deserialize)]
struct WireSet {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct WireKey {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// The keys of a JWK set that check signatures with RS256 or ES256. Others are left out, as RFC 7517 asks (section 5): secrets
/// among them, for whoever can read a set could sign with them.
///
/// # Errors
/// What is wrong with the set.
pub(super) fn public_keys(json: &[u8]) -> Result<Vec<PublicKey>, String> {
    let set: WireSet = serde_json::from_slice(json).map_err(|error| format!("not a JWK set: {error}"))?;
    let wire = set.keys.into_iter().filter_map(|key| serde_json::from_value::<WireKey>(key).ok());
    let keys: Vec<PublicKey> = wire.filter_map(public_key).collect();
    if keys.is_empty() {
        return Err("it holds no key for RS256 (RSA) or ES256 (EC with P-256)".into());
    }
    Ok(keys)
}

fn public_key(wire: WireKey) -> Option<PublicKey> {
    let verifies = wire.key_ops.is_none_or(|operations| operations.iter().any(|operation| operation == "verify"));
    if wire.purpose.is_some_and(|purpose| purpose != "sig") || !verifies {
        return None;
    }
    let decode = |part: Option<String>| URL_SAFE_NO_PAD.decode(part?).ok();
    let (key, algorithm) = match (wire.kty.as_str(), wire.crv.as_deref()) {
        ("RSA", _) => {
            // ring wants no zeros in front, which some writers of sets put there.
            let trimmed = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect();
            (Key::Rsa { n: trimmed(decode(wire.n)?), e: trimmed(decode(wire.e)?) }, "RS256")
        }
        ("EC", Some("P-256")) => {
            let (x, y) = (decode(wire.x)?, decode(wire.y)?);
            let point = (x.len() == 32 && y.len() == 32).then(|| [&[4], &x[..], &y[..]].concat())?;
            (Key::P256(point), "ES256")
        }
        _ => return None,
    };
    wire.alg.is_none_or(|alg| alg == algorithm).then_some(PublicKey { id: wire.kid, key })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PAYLOAD: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    /// The examples of RFC 7515, appendices A.1 to A.3.
    fn examples() -> Vec<(Key, String)> {
        let secret = URL_SAFE_NO_PAD
            .decode("AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
            .expect("base64");
        let set = json!({ "keys": [
            { "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" },
            { "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" },
        ] });
        let mut keys = public_keys(set.to_string().as_bytes()).expect("keys").into_iter();
        let mut public = || keys.next().expect("a key").key;
        let signatures = [
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ];
        vec![
            (
                Key::of_secret(&secret),
                format!(
                    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
                ),
            ),
            (public(), format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}.{}", signatures[0])),
            (public(), format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}.{}", signatures[1])),
        ]
    }

    #[test]
    fn the_examples_of_the_standard_are_good_under_their_own_keys_only() {
        let examples = examples();
        for (at, (key, token)) in examples.iter().enumerate() {
            let Ok(jws) = Jws::read(token) else { panic!("no token") };
            assert_eq!(jws.algorithm, key.algorithm());
            let payload = jws.verified(key).expect("good");
            assert!(payload.starts_with(b"{\"iss\":\"joe\""));
            for (of, (other, _)) in examples.iter().enumerate() {
                assert_eq!(jws.verified(other).is_some(), at == of);
            }
            // Whatever is changed, nothing of it is good.
            for place in 0..token.len() {
                let mut bytes = token.clone().into_bytes();
                bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
                let changed = String::from_utf8(bytes).expect("ASCII");
                let good = Jws::read(&changed).is_ok_and(|jws| jws.verified(key).is_some());
                assert!(!good, "{place}: {changed}");
            }
        }
    }

    #[test]
    fn what_is_no_token_is_not_read() {
        let header = |json: &str| format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode(json));
        let why = |token: &str| Jws::read(token).err();
        for form in
            ["", ".", "..", "a.b", "a.b.c.d", "e30.e30.e30", "ä.ö.ü", &"x.".repeat(20_000), &header("{\"alg\": 1}")]
        {
            assert_eq!(why(form), Some(Unreadable::Form), "{form:.40}");
        }
        assert_eq!(why(&header(r#"{"alg": "HS256", "alg": "none"}"#)), Some(Unreadable::Form), "twice is ambiguous");
        assert_eq!(why(&header(r#"{"alg": "none"}"#)), Some(Unreadable::Unsigned));
        assert_eq!(why(&header(r#"{"alg": "EdDSA"}"#)), Some(Unreadable::Algorithm));
        assert_eq!(why(&header(r#"{"alg": "HS256", "crit": []}"#)), Some(Unreadable::Critical));
        assert!(public_keys(b"{\"keys\": []}").is_err() && public_keys(b"[]").is_err());
    }
}
