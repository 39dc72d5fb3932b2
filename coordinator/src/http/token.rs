//! Tokens: made, read back, taken back. Only their digests are kept.
//!
//! A token is `osw_<id>_<secret>`: its public name, and 32 random bytes in hexadecimal. A session of a browser is a
//! token of the same make, `oss_…`, that is named after the one that opened it and ends with it.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use protocol::registry::{Registry, Scope, Token};
use protocol::store::StoreError;
use protocol::{TokenId, WorkspaceId};
use sha2::{Digest, Sha256};

/// The most good tokens of a workspace.
pub const MOST: usize = 500;
/// The most open sessions of a token; the oldest makes room for one more.
const SESSIONS: usize = 20;
/// The longest life of a token, in seconds: ten years.
const LONGEST: u64 = 315_360_000;
/// The shortest life of a token, in seconds.
const SHORTEST: u64 = 60;
/// The longest name of an owner, in bytes.
const LONGEST_OWNER: usize = 128;
/// How the id of a session begins.
const SESSION: &str = "s-";

/// A secret that may be shown once. Its `Debug` shows nothing.
pub struct Secret(String);

impl Secret {
    /// The secret itself, to be handed to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Why a token could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The owner is no name.
    #[error("an owner has 1 to {LONGEST_OWNER} printable characters")]
    Owner,
    /// Its life is too short or too long.
    #[error("a token lives from a minute to ten years")]
    Life,
    /// There are too many.
    #[error("workspace {0} has {MOST} good tokens; take one back first")]
    TooMany(WorkspaceId),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a token is asked to be.
#[derive(Debug, Clone)]
pub struct Order {
    /// The workspace that it opens.
    pub workspace: WorkspaceId,
    /// Whose it is.
    pub owner: String,
    /// The most that it may do.
    pub scope: Scope,
    /// How long it lives, in seconds; none means until it is taken back.
    pub seconds: Option<u64>,
}

/// Makes a token and writes its digest down; the secret is nowhere else.
///
/// # Errors
/// [`TokenError`]: what is wrong with the order, or why it could not be written.
pub async fn issue(
    registry: &dyn Registry,
    order: Order,
    now: DateTime<Utc>,
) -> Result<(Token, Secret), TokenError> {
    let owner = order.owner.trim();
    let printable = !owner.chars().any(char::is_control);
    if owner.is_empty() || owner.len() > LONGEST_OWNER || !printable {
        return Err(TokenError::Owner);
    }
    let expires_at = match order.seconds {
        None => None,
        Some(seconds) if (SHORTEST..=LONGEST).contains(&seconds) => later(now, seconds),
        Some(_) => return Err(TokenError::Life),
    };
    let good = list(registry, &order.workspace).await?;
    if good.iter().filter(|token| is_good(token, now)).count() >= MOST {
        return Err(TokenError::TooMany(order.workspace));
    }
    let id = hex(&random::<8>()?);
    let (token, secret) = make(Kind::Bearer, &id, order, expires_at, now)?;
    registry.put_token(&token).await?;
    Ok((token, secret))
}

/// The tokens of a workspace, oldest first, without the sessions that they opened.
///
/// # Errors
/// [`StoreError`] when they cannot be read.
pub async fn list(
    registry: &dyn Registry,
    workspace: &WorkspaceId,
) -> Result<Vec<Token>, StoreError> {
    let mut tokens = registry.tokens(workspace).await?;
    tokens.retain(|token| !token.id.as_str().starts_with(SESSION));
    Ok(tokens)
}

/// Takes a token back, and the sessions that it opened; says whether there was one that was good.
///
/// # Errors
/// [`StoreError`] when it cannot be written.
pub async fn revoke(
    registry: &dyn Registry,
    workspace: &WorkspaceId,
    id: &TokenId,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let was_good = registry.revoke_token(workspace, id, now).await?;
    // After the token itself: a session that is opened meanwhile looks at its token once more.
    for session in sessions(registry, workspace, id, now).await? {
        registry.revoke_token(workspace, &session.id, now).await?;
    }
    Ok(was_good)
}

/// Opens a session for the holder of a token, until `until`.
pub(super) async fn open_session(
    registry: &dyn Registry,
    parent: &Token,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(Token, Secret), TokenError> {
    let open = sessions(registry, &parent.workspace, &parent.id, now).await?;
    let excess = (open.len() + 1).saturating_sub(SESSIONS);
    for session in open.iter().take(excess) {
        registry.revoke_token(&parent.workspace, &session.id, now).await?;
    }
    let order = Order {
        workspace: parent.workspace.clone(),
        owner: parent.owner.clone(),
        scope: parent.scope,
        seconds: None,
    };
    let id = format!("{SESSION}{}-{}", parent.id, hex(&random::<6>()?));
    let (token, secret) = make(Kind::Session, &id, order, Some(until), now)?;
    registry.put_token(&token).await?;
    Ok((token, secret))
}

/// The open sessions of a token, oldest first.
async fn sessions(
    registry: &dyn Registry,
    workspace: &WorkspaceId,
    parent: &TokenId,
    now: DateTime<Utc>,
) -> Result<Vec<Token>, StoreError> {
    let begins = format!("{SESSION}{parent}-");
    let mut tokens = registry.tokens(workspace).await?;
    tokens.retain(|token| token.id.as_str().starts_with(&begins) && is_good(token, now));
    Ok(tokens)
}

/// Whether a token is neither taken back nor past its end.
pub(super) fn is_good(token: &Token, now: DateTime<Utc>) -> bool {
    token.revoked_at.is_none() && token.expires_at.is_none_or(|end| end > now)
}

/// What kind of text claims to be a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// For `Authorization: Bearer`.
    Bearer,
    /// For the cookie of a browser.
    Session,
}

impl Kind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Bearer => "osw_",
            Self::Session => "oss_",
        }
    }
}

/// The id that a text claims, where it has the shape of a token of this kind.
pub(super) fn claimed(kind: Kind, text: &str) -> Option<TokenId> {
    let (id, secret) = text.strip_prefix(kind.prefix())?.rsplit_once('_')?;
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let shaped = secret.len() == 64 && is_hex(secret) && id.len() <= 64 && id.bytes().all(is_name);
    shaped.then(|| TokenId::new(id).ok()).flatten()
}

/// The digest that is kept of a token.
pub(super) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// What a session must bring back to change something: follows from its secret, and tells nothing about it.
pub(super) fn csrf(session: &str) -> String {
    hex(&Sha256::new().chain_update("csrf\n").chain_update(session).finalize())
}

/// A text with what may be a secret in it masked.
pub(super) fn masked(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some(at) = rest.find("osw_").into_iter().chain(rest.find("oss_")).min() {
        out.push_str(&rest[..at + 4]);
        rest = &rest[at + 4..];
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let after = rest.trim_start_matches(inner);
        if after.len() < rest.len() {
            out.push('…');
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn make(
    kind: Kind,
    id: &str,
    order: Order,
    expires_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(Token, Secret), TokenError> {
    let secret = format!("{}{id}_{}", kind.prefix(), hex(&random::<32>()?));
    let token = Token {
        id: TokenId::new(id).map_err(|_| TokenError::Owner)?,
        workspace: order.workspace,
        owner: order.owner.trim().to_owned(),
        scope: order.scope,
        digest: digest(&secret),
        created_at: now,
        expires_at,
        revoked_at: None,
    };
    Ok((token, Secret(secret)))
}

fn later(now: DateTime<Utc>, seconds: u64) -> Option<DateTime<Utc>> {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    TimeDelta::try_seconds(seconds).and_then(|life| now.checked_add_signed(life))
}

fn random<const N: usize>() -> Result<[u8; N], TokenError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(TokenError::Random)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn order() -> Order {
        Order {
            workspace: WorkspaceId::main(),
            owner: " me ".into(),
            scope: Scope::Read,
            seconds: None,
        }
    }

    #[test]
    fn a_token_says_its_name_and_hides_its_secret() {
        let (token, secret) = make(Kind::Bearer, "ab12", order(), None, now()).unwrap();
        assert_eq!(claimed(Kind::Bearer, secret.reveal()), Some(token.id.clone()));
        assert_eq!(claimed(Kind::Session, secret.reveal()), None);
        assert_eq!(token.digest, digest(secret.reveal()));
        assert_eq!(token.owner, "me");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        let (_, other) = make(Kind::Bearer, "ab12", order(), None, now()).unwrap();
        assert_ne!(secret.reveal(), other.reveal());
    }

    #[test]
    fn what_has_not_the_shape_of_a_token_is_none() {
        let secret = "0".repeat(64);
        for text in [
            String::new(),
            "osw_".to_owned(),
            format!("osw_{secret}"),
            format!("osw_a b_{secret}"),
            format!("osw__{secret}"),
            format!("osw_ab12_{}", &secret[1..]),
            format!("osw_ab12_{}z", &secret[1..]),
            format!("xxx_ab12_{secret}"),
        ] {
            assert_eq!(claimed(Kind::Bearer, &text), None, "{text}");
        }
        assert!(claimed(Kind::Bearer, &format!("osw_ab12_{secret}")).is_some());
    }

    #[test]
    fn a_quoted_secret_is_masked() {
        let secret = format!("osw_ab12_{}", "0f".repeat(32));
        let text = format!("invalid type: string \"{secret}\", expected a map; oss_x_1!");
        assert_eq!(masked(&text), "invalid type: string \"osw_…\", expected a map; oss_…!");
        assert_eq!(masked("`Bearer osw_…`, osw_"), "`Bearer osw_…`, osw_");
    }

    proptest! {
        #[test]
        fn masking_leaves_no_secret_wherever_it_stands(before in ".{0,20}", after in "[ -~]{0,20}") {
            let (_, secret) = make(Kind::Session, "s-1-2", order(), None, now()).unwrap();
            let text = format!("{before}{}{after}", secret.reveal());
            prop_assert!(!masked(&text).contains(&secret.reveal()[8..]));
        }

        #[test]
        fn reading_a_claim_never_panics(text in ".{0,100}") {
            claimed(Kind::Bearer, &text);
            masked(&text);
        }
    }
}
