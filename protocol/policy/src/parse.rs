//! Reading a document: every element is known, stands once, and has the right shape.
//!
//! What the language writes in two ways (one or a list of them) is read in both; what it does not
//! have is refused in a sentence that says where.

mod statement;
mod value;

use crate::error::{ParseError, cut};
use crate::json::Json;
use crate::model::Policy;
use value::Elements;

/// The longest document that is read, in bytes; the longest that AWS takes has some 40 thousand.
const LIMIT: usize = 128 * 1024;

impl Policy {
    /// Reads a policy document.
    ///
    /// # Errors
    /// [`ParseError`] when the text is too long, no JSON, or no policy; it says where.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > LIMIT {
            return Err(ParseError::TooLarge { length: text.len(), limit: LIMIT });
        }
        let json: Json = serde_json::from_str(text)
            .map_err(|error| ParseError::NotJson { message: error.to_string() })?;
        document(json)
    }
}

fn document(json: Json) -> Result<Policy, ParseError> {
    let mut elements = Elements::new(json, "the policy", &["Version", "Id", "Statement"])?;
    let version = elements.take_text("Version")?;
    let versions = [Policy::WITH_VARIABLES, Policy::WITHOUT_VARIABLES];
    if let Some(wrong) = version.as_deref().filter(|version| !versions.contains(version)) {
        return Err(ParseError::Wrong {
            at: "Version".to_owned(),
            expected: "2012-10-17 or 2008-10-17",
            found: cut(&format!("{wrong:?}")),
        });
    }
    let variables = version.as_deref() == Some(Policy::WITH_VARIABLES);
    let id = elements.take_text("Id")?;
    let statements = match elements.need("Statement")? {
        Json::List(list) => list
            .into_iter()
            .zip(0_usize..)
            .map(|(json, index)| statement::read(json, &format!("Statement[{index}]"), variables))
            .collect::<Result<_, _>>()?,
        one => vec![statement::read(one, "Statement", variables)?],
    };
    Ok(Policy { version, id, statements })
}
