//! Access keys and sessions. A key's id says whose it is; a session's token says all of the
//! session and is sealed, so that the server remembers nothing.

use chrono::{DateTime, Utc};

use crate::dice::Dice;
use crate::synthetic::Organization;
use crate::world::Worded;

/// An access key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The key's id.
    pub access_key_id: String,
    /// The secret key.
    pub secret_access_key: String,
}

/// Who makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The place of the account in its organization.
    pub(crate) account: usize,
    /// The account's id.
    pub(crate) account_id: String,
    /// The role's name without its path and the session's name; none for the long-term keys.
    pub(crate) session: Option<(String, String)>,
    /// The number of the session policy, where there is one.
    pub(crate) policy: Option<usize>,
}

/// A session that was opened.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) keys: Keys,
    pub(crate) token: String,
    pub(crate) expires: DateTime<Utc>,
}

impl Caller {
    pub(crate) fn arn(&self) -> String {
        let account = &self.account_id;
        match &self.session {
            Some((role, session)) => {
                format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")
            }
            None => format!("arn:aws:iam::{account}:user/operator"),
        }
    }
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// 40 bits as eight characters.
fn encode(mut bits: u64) -> String {
    let mut text = [b'A'; 8];
    for place in text.iter_mut().rev() {
        *place = ALPHABET.get((bits & 31) as usize).copied().unwrap_or(b'A');
        bits >>= 5;
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}

fn decode(text: &str) -> Option<u64> {
    text.bytes().try_fold(0, |bits: u64, byte| {
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        Some(bits << 5 | digit as u64)
    })
}

/// Makes keys and knows them again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mint {
    dice: Dice,
}

impl Mint {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { dice: Dice::of(seed) }
    }

    /// The long-term keys of an account.
    pub(crate) fn long_term(self, account: &str) -> Keys {
        self.keys("AKIA", account, 0)
    }

    fn keys(self, prefix: &str, account: &str, nonce: u64) -> Keys {
        let number: u64 = account.parse().unwrap_or(0);
        let tail = encode(self.dice.and("key").nth(number).nth(nonce).bits() >> 24);
        let access_key_id = format!("{prefix}{}{tail}", encode(number));
        let secret_access_key = self.secret(&access_key_id);
        Keys { access_key_id, secret_access_key }
    }

    /// The secret of a key.
    pub(crate) fn secret(self, access_key_id: &str) -> String {
        let dice = self.dice.and("secret").and(access_key_id);
        (0..5).map(|part| encode(dice.nth(part).bits() >> 24)).collect()
    }

    fn seal(self, key: &str, said: &str) -> String {
        let dice = self.dice.and("seal").and(key).and(said);
        format!("{:016x}{:016x}", dice.bits(), dice.nth(1).bits())
    }

    /// Opens a session in an account.
    pub(crate) fn open(
        self,
        account: &str,
        role: &str,
        session: &str,
        policy: Option<usize>,
        expires: DateTime<Utc>,
        nonce: u64,
    ) -> Session {
        let keys = self.keys("ASIA", account, nonce + 1);
        let policy = policy.map_or_else(|| "-".to_owned(), |policy| policy.to_string());
        let said = format!("{}/{role}/{session}/{policy}", expires.timestamp());
        let seal = self.seal(&keys.access_key_id, &said);
        Session { token: format!("{said}/{seal}"), keys, expires }
    }

    /// Who a key and its token belong to.
    pub(crate) fn caller(
        self,
        org: &Organization,
        key: &str,
        token: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Caller, Refused> {
        let account_id = key.get(4..12).and_then(decode).ok_or(Refused::UnknownKey)?.to_string();
        let account = org.position(&account_id).ok_or(Refused::UnknownKey)?;
        if key.starts_with("AKIA") {
            let known = self.long_term(&account_id).access_key_id == key && account == 0;
            let caller = Caller { account, account_id, session: None, policy: None };
            return if known { Ok(caller) } else { Err(Refused::UnknownKey) };
        }
        let (said, seal) = token.and_then(|t| t.rsplit_once('/')).ok_or(Refused::UnknownKey)?;
        if self.seal(key, said) != seal {
            return Err(Refused::UnknownKey);
        }
        let mut fields = said.split('/');
        let mut next = || fields.next().unwrap_or("");
        let expires = next().parse().ok().and_then(|at| DateTime::from_timestamp(at, 0));
        let (role, session, policy) = (next().to_owned(), next().to_owned(), next().parse().ok());
        if expires.is_none_or(|expires| expires <= now) {
            return Err(Refused::Expired);
        }
        Ok(Caller { account, account_id, session: Some((role, session)), policy })
    }
}

/// Why credentials are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    UnknownKey,
    Expired,
    Signature,
    Missing,
}

impl Refused {
    /// The refusal in the words of a protocol, and the HTTP status.
    pub(crate) fn words(self, wire: catalog::entry::Wire) -> (u16, Worded) {
        use catalog::entry::Wire;
        let json = matches!(wire, Wire::Json10 | Wire::Json11 | Wire::RestJson);
        let status = if json && wire != Wire::RestJson { 400 } else { 403 };
        let invalid = "The security token included in the request is invalid.";
        let worded = match (self, wire) {
            (Self::UnknownKey, Wire::Ec2) => {
                let message = "AWS was not able to validate the provided access credentials";
                return (401, Worded::new("AuthFailure", message));
            }
            (Self::UnknownKey, Wire::Query) => Worded::new("InvalidClientTokenId", invalid),
            (Self::UnknownKey, Wire::RestXml) => Worded::new("InvalidAccessKeyId", invalid),
            (Self::UnknownKey, _) => Worded::new("UnrecognizedClientException", invalid),
            (Self::Expired, _) => {
                let code = if json { "ExpiredTokenException" } else { "ExpiredToken" };
                Worded::new(code, "The security token included in the request is expired")
            }
            (Self::Signature, _) => {
                let code = if json { "InvalidSignatureException" } else { "SignatureDoesNotMatch" };
                Worded::new(code, "The request signature we calculated does not match.")
            }
            (Self::Missing, _) => {
                let code = if json {
                    "MissingAuthenticationTokenException"
                } else {
                    "MissingAuthenticationToken"
                };
                Worded::new(code, "Request is missing Authentication Token")
            }
        };
        (status, worded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::Shape;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("a moment")
    }

    #[test]
    fn a_session_says_whose_it_is_until_it_expires() {
        let org = Organization::new(Shape::default());
        let mint = Mint::new(1);
        let account = org.accounts[3].id.to_string();
        let session = mint.open(&account, "reader", "scan-1", None, at(1000), 7);
        let key = &session.keys.access_key_id;
        assert_eq!(key.len(), 20);
        let caller = mint.caller(&org, key, Some(&session.token), at(999)).expect("a caller");
        assert_eq!(caller.account, 3);
        assert_eq!(caller.arn(), format!("arn:aws:sts::{account}:assumed-role/reader/scan-1"));
        let refused = |key: &str, token: Option<&str>, now| mint.caller(&org, key, token, at(now));
        assert_eq!(refused(key, Some(&session.token), 1000), Err(Refused::Expired));
        assert_eq!(refused(key, None, 0), Err(Refused::UnknownKey));
        let forged = session.token.replace("reader", "admin");
        assert_eq!(refused(key, Some(&forged), 0), Err(Refused::UnknownKey));
        assert_eq!(refused("AKIAAAAAAAAAAAAAAAAA", None, 0), Err(Refused::UnknownKey));
        assert_eq!(refused("x", None, 0), Err(Refused::UnknownKey));
    }

    #[test]
    fn only_the_management_account_has_long_term_keys() {
        let org = Organization::new(Shape::default());
        let mint = Mint::new(1);
        let keys = |at: usize| mint.long_term(&org.accounts[at].id);
        assert!(mint.caller(&org, &keys(0).access_key_id, None, at(0)).is_ok());
        assert!(mint.caller(&org, &keys(1).access_key_id, None, at(0)).is_err());
    }
}
